CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "group by" TEXT, "🙂" INTEGER, "it's" TEXT, "a""b" REAL);
CREATE TABLE "two words" (id INTEGER PRIMARY KEY, "order" INTEGER REFERENCES "order"("select"), "naïve" TEXT);
INSERT INTO "order" VALUES (1, 'x', 3, 'y', 1.5), (2, 'z', 4, 'w', 2.5), (3, 'q', 5, 'v', 3.5);
INSERT INTO "two words" VALUES (1, 1, 'é'), (2, 3, 'ü'), (3, 2, 'o');
