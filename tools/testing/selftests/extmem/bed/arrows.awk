# SPDX-License-Identifier: GPL-2.0
# Read C files and print what arrows needs of each:
#   include FILE HEADER	it includes "HEADER"
#   def FILE NAME	it defines a function or variable that others can use
#   use FILE NAME	it names NAME, and not as a member or as a struct's tag
# Kernel style is taken for granted: what is at file level is not in brackets.

FNR == 1 { begin() }

{
	line = $0
	if (!directive && line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
		split(line, part, "\"")
		print "include", FILENAME, part[2]
		next
	}
	line = code(line)
	is_directive = directive || line ~ /^[ \t]*#/
	directive = is_directive && line ~ /\\$/
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*|->|[^ \t]/)) {
		token = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (token ~ /^[A-Za-z_]/)
			word(token)
		else if (!is_directive)
			sign(token)
		before = token
	}
}

function begin()
{
	comment = directive = braces = parens = 0
	before = ""
	delete seen
	statement()
}

# A line without comments, strings and characters
function code(text,	out, quote)
{
	out = ""
	while (text != "") {
		if (comment) {
			if (!match(text, /\*\//))
				return out
			text = substr(text, RSTART + 2)
			comment = 0
		} else if (match(text, /\/\*|\/\/|"|'/)) {
			out = out substr(text, 1, RSTART - 1)
			quote = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
			if (quote == "//")
				return out
			comment = quote == "/*"
			if (quote == "\"")
				sub(/^([^"\\]|\\.)*"/, "", text)
			else if (quote == "'")
				sub(/^([^'\\]|\\.)*'/, "", text)
			out = out " "
		} else {
			return out text
		}
	}
	return out
}

# Something new begins at file level
function statement()
{
	name = called = ""
	is_static = is_extern = assigned = brackets = 0
}

function word(token)
{
	if (before != "." && before != "->" && before !~ /^(struct|union|enum)$/ &&
	    !((FILENAME, token) in seen)) {
		seen[FILENAME, token]
		print "use", FILENAME, token
	}
	if (is_directive || braces || parens || brackets)
		return
	called = ""
	if (token == "static")
		is_static = 1
	else if (token ~ /^(extern|typedef)$/)
		is_extern = 1
	else if (!assigned && token !~ /^__/)
		name = token
}

function define(what)
{
	# What a header has as static everyone who includes it can use
	if (what != "" && !is_extern && (!is_static || FILENAME ~ /\.h$/))
		print "def", FILENAME, what
}

function sign(token)
{
	if (token == "{") {
		if (!braces && !parens && called != "")
			define(called)
		braces++
	} else if (token == "}") {
		if (!--braces && called != "")
			statement()
	} else if (token == "(") {
		if (!braces && !parens++ && !assigned)
			called = name
		else if (braces)
			return
	} else if (token == ")") {
		if (!braces)
			parens--
	} else if (braces || parens) {
		return
	} else if (token == "[") {
		brackets++
	} else if (token == "]") {
		brackets--
	} else if (token == "=" && !assigned) {
		define(name)
		assigned = 1
	} else if (token == ";") {
		if (!assigned && called == "" && before != "}")
			define(name)
		statement()
	}
}
