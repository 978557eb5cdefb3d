/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STEPS_H
#define STEPS_H

/* Programs whose arguments are steps, each with words of its own */
struct step {
	const char *name;
	int args;
	void (*run)(char **arg);
};

/* Print what came of a step: a negative errno in words, else "ok". Returns @rc. */
int step_say(const char *step, const char *arg, int rc);

/* -errno for what returned -1 */
int or_errno(int rc);

/* The program's exit status. @steps, and @more or NULL, end with an empty one. */
int run_steps(const struct step *steps, const struct step *more, int argc,
	      char **argv);

#endif /* STEPS_H */
