CREATE TABLE "a
b" ("x'y" INTEGER, "c""d" TEXT, "" INTEGER, "tab	in it" INTEGER);
INSERT INTO "a
b" VALUES (1, 'v', 2, 3), (2, 'w', 3, 4);
CREATE TABLE "'quoted'" ("[brackets]" INTEGER, "`ticks`" TEXT, "semi;colon" INTEGER, "--dashes" TEXT, "/*stars" TEXT);
INSERT INTO "'quoted'" VALUES (1, 'a', 2, 'b', 'c'), (5, 'q', 6, 'r', 's');
