-- Objects that run what a rollback does not undo. LOOPBACK stands for a connection of dblink's to this very database.
CREATE EXTENSION dblink;
CREATE EXTENSION file_fdw;
CREATE EXTENSION citext;
CREATE TABLE outside (what text);
CREATE TABLE account (id int PRIMARY KEY, name text, balance numeric);
INSERT INTO account VALUES (1, 'a', 1), (2, 'b', 2);
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TABLE paint (id int, shade color);
INSERT INTO paint VALUES (1, 'red');

-- Functions in every disguise.
CREATE FUNCTION leak() RETURNS int IMMUTABLE SECURITY DEFINER LANGUAGE sql AS $$ SELECT length(dblink_exec('LOOPBACK', 'INSERT INTO outside VALUES (''leak'')')) $$;
CREATE FUNCTION leak_one(n int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT n + leak() $$;
CREATE FUNCTION leak_two(a int, b int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT a + b + public.leak() $$;
CREATE FUNCTION leak_text(t text) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT "leak_one"(length(t)) $$;
CREATE FUNCTION leak_shade(c color) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT leak_text(c::text) $$;
CREATE FUNCTION leak_row(account) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT leak_one($1.id) $$;
CREATE FUNCTION leak_atomic() RETURNS int IMMUTABLE RETURN leak();
CREATE FUNCTION leak_begin() RETURNS int IMMUTABLE BEGIN ATOMIC SELECT leak_one(1); END;
CREATE FUNCTION leak_stable() RETURNS int STABLE SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN PERFORM dblink_exec('LOOPBACK', 'INSERT INTO outside VALUES (''stable'')'); RETURN 1; END $$;
CREATE FUNCTION leak_dynamic() RETURNS int STABLE SECURITY DEFINER LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE 'SELECT le' || 'ak()' INTO n; RETURN n; END $$;
CREATE FUNCTION leak_default(n int DEFAULT leak()) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n';
CREATE FUNCTION leak_set() RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT leak()';
CREATE FUNCTION program() RETURNS int VOLATILE SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch /tmp/nl2sql_attack_effect'; RETURN 1; END $$;
CREATE FUNCTION compiled(text, text) RETURNS text IMMUTABLE LANGUAGE c AS '$libdir/dblink', 'dblink_exec';
CREATE FUNCTION renamed_sleep(double precision) RETURNS void IMMUTABLE LANGUAGE internal AS 'pg_sleep';

-- Views.
CREATE VIEW leaking_view AS SELECT leak() AS n;
CREATE VIEW over_view AS SELECT n + 1 AS n FROM leaking_view;
CREATE VIEW filtered_view AS SELECT id FROM account WHERE leak_one(id) > 0;
CREATE VIEW stable_view AS SELECT leak_stable() AS n;
CREATE VIEW dynamic_view AS SELECT leak_dynamic() AS n;
CREATE VIEW program_view AS SELECT program() AS n;
CREATE VIEW lateral_view AS SELECT a.id, l.n FROM account a CROSS JOIN LATERAL (SELECT leak_one(a.id) AS n) l;
CREATE VIEW atomic_view AS SELECT leak_atomic() AS n;
CREATE VIEW sleeping_view AS SELECT pg_sleep(30)::text AS n;
CREATE VIEW "Quoted View" AS SELECT leak() AS n;
CREATE RECURSIVE VIEW recursive_view (n) AS SELECT leak() UNION ALL SELECT n + 1 FROM recursive_view WHERE n < 1;
CREATE VIEW windowed_view AS SELECT sum(leak_one(id)) OVER (ORDER BY id) AS n FROM account;
CREATE VIEW xml_view AS SELECT query_to_xml('SELECT leak()', true, false, '') AS x;

-- Operators, casts, domains, aggregates, policies.
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = leak_two);
CREATE OPERATOR @@@@ (RIGHTARG = int, FUNCTION = leak_one);
CREATE OPERATOR + (LEFTARG = text, RIGHTARG = text, FUNCTION = compiled);
CREATE FUNCTION leak_shades(color, color) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT leak_shade($1) > leak_shade($2)';
CREATE OPERATOR || (LEFTARG = color, RIGHTARG = color, FUNCTION = leak_shades);
CREATE CAST (color AS int) WITH FUNCTION leak_shade(color);
CREATE CAST (account AS int) WITH FUNCTION leak_row(account);
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION leak_pair(pair) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT leak()::bigint';
CREATE CAST (pair AS bigint) WITH FUNCTION leak_pair(pair) AS IMPLICIT;
CREATE DOMAIN checked AS int CHECK (leak_one(VALUE) > 0);
CREATE DOMAIN over_checked AS checked;
CREATE TYPE holder AS (n checked);
CREATE AGGREGATE leak_sum(int) (SFUNC = leak_two, STYPE = int, INITCOND = 0);
CREATE AGGREGATE leak_final(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = leak_one, INITCOND = 0);
CREATE TABLE guarded (id int, name text);
INSERT INTO guarded VALUES (1, 'a');
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY leaking ON guarded FOR SELECT USING (leak_one(id) > 0);
CREATE VIEW over_guarded AS SELECT name FROM guarded;

-- What a plan evaluates.
CREATE TABLE indexed (id int);
CREATE INDEX by_leak ON indexed ((id + leak_one(1)));
CREATE TABLE partial (id int);
CREATE INDEX partly ON partial (id) WHERE leak_one(2) > 0;
CREATE TABLE parent (id int) PARTITION BY LIST (id);
CREATE TABLE child PARTITION OF parent FOR VALUES IN (1);
ALTER TABLE child ADD CHECK (id + leak_one(3) > 0);
CREATE TABLE measured (id int, n int);
CREATE STATISTICS measuring ON (n + leak_one(4)), id FROM measured;

-- A program behind a table.
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE from_program (line text) SERVER files OPTIONS (program 'touch /tmp/nl2sql_attack_foreign; echo x');

-- A way back into this database by another connection.
CREATE EXTENSION postgres_fdw;
CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'HOST', port 'PORT', dbname 'DATABASE');
CREATE USER MAPPING FOR PUBLIC SERVER back OPTIONS (user 'postgres', password_required 'false');
CREATE FOREIGN TABLE far_view (n int) SERVER back OPTIONS (table_name 'leaking_view');
CREATE VIEW over_far_view AS SELECT n FROM far_view;
CREATE FUNCTION leak_canonical(text, text) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT leak()::float8';
CREATE TYPE text_span AS RANGE (subtype = text, subtype_diff = leak_canonical, multirange_type_name = text_spans);

-- What is harmless and stays readable.
CREATE FUNCTION doubled(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n * 2; END $$;
CREATE FUNCTION shouted(t text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT upper(t) || '!' $$;
CREATE AGGREGATE joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE VIEW fine_view AS SELECT doubled(id) AS n, shouted(name) AS name, random() AS r FROM account;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE positives (n positive, t citext);
INSERT INTO positives VALUES (1, 'x');
CREATE MATERIALIZED VIEW frozen AS SELECT count(*) AS n FROM account;
TRUNCATE outside;
