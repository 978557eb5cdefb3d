// SPDX-License-Identifier: GPL-2.0
/*
 * poke SOCKET: damage a machine's memory from outside, through QEMU's gdb stub,
 * at a moment of one's choice. Commands come on standard input, a line each:
 *
 *   halt             stop the machine now
 *   break ADDR       let the machine run until it comes by this kernel address
 *   read PA LEN      print LEN bytes of physical memory in hexadecimal
 *   flip PA BIT      invert a bit of the byte at PA
 *   write PA HEX     overwrite memory
 *   patch ADDR HEX   overwrite what is at a kernel address, be it code
 *
 * Each answers with a line when it is done. At the end of input the machine
 * runs on.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PACKET_MAX 2048

static int sock;

static int get_byte(void)
{
	unsigned char c;

	if (read(sock, &c, 1) != 1)
		errx(1, "the machine hung up");
	return c;
}

static void put(const char *data, size_t len)
{
	if (write(sock, data, len) != (ssize_t)len)
		err(1, "write");
}

static void send_packet(const char *body)
{
	char packet[PACKET_MAX];
	unsigned char sum = 0;
	const char *p;

	for (p = body; *p; p++)
		sum += *p;
	put(packet, snprintf(packet, sizeof(packet), "$%s#%02x", body, sum));
}

/* The next packet's body; what is before it are acknowledgments */
static void get_packet(char *body)
{
	size_t len = 0;
	int c;

	do
		c = get_byte();
	while (c != '$');
	for (c = get_byte(); c != '#'; c = get_byte()) {
		if (len == PACKET_MAX - 1)
			errx(1, "packet too long");
		body[len++] = c;
	}
	body[len] = '\0';
	get_byte();
	get_byte();
	put("+", 1);
}

static void ask(const char *question, char *answer)
{
	send_packet(question);
	get_packet(answer);
	if (answer[0] == 'E')
		errx(1, "%s: the machine says %s", question, answer);
}

static void must(const char *question)
{
	char answer[PACKET_MAX];

	ask(question, answer);
	if (strcmp(answer, "OK"))
		errx(1, "%s: the machine says \"%s\"", question, answer);
}

static void run_until(const char *addr)
{
	char text[PACKET_MAX];

	snprintf(text, sizeof(text), "Z1,%s,1", addr);
	must(text);
	send_packet("c");
	do
		get_packet(text);
	while (text[0] != 'T' && text[0] != 'S');
	snprintf(text, sizeof(text), "z1,%s,1", addr);
	must(text);
	must("Qqemu.PhyMemMode:1");
	puts("stopped");
}

static void halt(void)
{
	/* Connecting has stopped it already */
	must("Qqemu.PhyMemMode:1");
	puts("stopped");
}

static void read_mem(const char *pa, const char *len, char *hex)
{
	char text[64];

	snprintf(text, sizeof(text), "m%llx,%lx", strtoull(pa, NULL, 0),
		 strtoul(len, NULL, 0));
	ask(text, hex);
}

static void write_mem(const char *pa, const char *hex)
{
	char text[PACKET_MAX];

	snprintf(text, sizeof(text), "M%llx,%zx:%s", strtoull(pa, NULL, 0),
		 strlen(hex) / 2, hex);
	must(text);
}

static void flip(const char *pa, const char *bit)
{
	char hex[PACKET_MAX];

	read_mem(pa, "1", hex);
	snprintf(hex, sizeof(hex), "%02lx",
		 strtoul(hex, NULL, 16) ^ 1UL << strtoul(bit, NULL, 0));
	write_mem(pa, hex);
	puts("flipped");
}

static void obey(const char *verb, const char *a, const char *b)
{
	char hex[PACKET_MAX];

	if (!strcmp(verb, "break")) {
		run_until(a);
	} else if (!strcmp(verb, "halt")) {
		halt();
	} else if (!strcmp(verb, "read")) {
		read_mem(a, b, hex);
		puts(hex);
	} else if (!strcmp(verb, "flip")) {
		flip(a, b);
	} else if (!strcmp(verb, "write")) {
		write_mem(a, b);
		puts("written");
	} else if (!strcmp(verb, "patch")) {
		must("Qqemu.PhyMemMode:0");
		write_mem(a, b);
		must("Qqemu.PhyMemMode:1");
		puts("patched");
	} else {
		errx(2, "unknown command: %s", verb);
	}
	fflush(stdout);
}

static void connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int tries = 100;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	sock = socket(AF_UNIX, SOCK_STREAM, 0);
	while (connect(sock, (struct sockaddr *)&addr, sizeof(addr))) {
		if (!tries--)
			err(1, "%s", path);
		usleep(100000);
	}
}

int main(int argc, char **argv)
{
	char line[PACKET_MAX], verb[16], a[64], b[PACKET_MAX];

	if (argc != 2)
		errx(2, "usage: poke SOCKET");
	connect_to(argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		a[0] = '\0';
		b[0] = '\0';
		if (sscanf(line, "%15s %63s %2047s", verb, a, b) >= 1)
			obey(verb, a, b);
	}
	must("D");
	return 0;
}
