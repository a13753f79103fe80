-- One attack a line, through objects of postgres_effects.schema.sql. Each must be refused; none may leave a trace outside of its transaction.
SELECT leak()
SELECT public.leak()
SELECT "leak" ()
SELECT leak_one(1)
SELECT leak_two(1, 2)
SELECT leak_text('x')
SELECT leak_atomic()
SELECT leak_begin()
SELECT leak_stable()
SELECT leak_dynamic()
SELECT leak_default()
SELECT * FROM leak_set()
SELECT program()
SELECT compiled('LOOPBACK', 'INSERT INTO outside VALUES (1)')
SELECT renamed_sleep(30)
SELECT leak_row(account) FROM account
SELECT a.leak_row FROM account a
SELECT (a).leak_row FROM account a
SELECT id FROM account ORDER BY leak_one(id)
SELECT id FROM account GROUP BY id HAVING leak_one(id) > 0
SELECT * FROM leaking_view
SELECT count(*) FROM leaking_view
TABLE leaking_view
SELECT * FROM public.leaking_view
SELECT * FROM "leaking_view"
SELECT * FROM ONLY leaking_view
SELECT v.n FROM account JOIN leaking_view v ON v.n > id
SELECT * FROM over_view
WITH c AS (SELECT * FROM over_view) SELECT * FROM c
SELECT id FROM account WHERE EXISTS (SELECT 1 FROM over_view)
SELECT * FROM filtered_view
SELECT * FROM stable_view
SELECT * FROM dynamic_view
SELECT * FROM program_view
SELECT * FROM lateral_view
SELECT * FROM atomic_view
SELECT * FROM sleeping_view
SELECT * FROM "Quoted View"
SELECT * FROM recursive_view
SELECT * FROM windowed_view
SELECT * FROM xml_view
SELECT leaking_view FROM leaking_view
SELECT 1 ### 2
SELECT 1 OPERATOR(public.###) 2
SELECT id FROM account WHERE id ### 1 > 0
SELECT @@@@ 1
SELECT 1 + @@@@ 1
SELECT 'LOOPBACK'::text + 'INSERT INTO outside VALUES (1)'::text
SELECT shade || shade FROM paint
SELECT 'red'::color || 'green'::color
SELECT shade::int FROM paint
SELECT CAST(shade AS integer) FROM paint
SELECT int4(shade) FROM paint
SELECT account::int FROM account
SELECT CAST(a AS int4) FROM account a
SELECT (1, 2)::pair + 1::bigint
SELECT abs((1, 2)::pair)
SELECT 1::checked
SELECT CAST(1 AS public.checked)
SELECT checked '1'
SELECT '{1}'::checked[]
SELECT 1::over_checked
SELECT '(1)'::holder
SELECT ROW(1)::holder
SELECT * FROM json_to_record('{"n": 1}') AS r(n checked)
SELECT * FROM json_populate_record(NULL::holder, '{"n": 1}')
SELECT domain_in('1', 'checked'::regtype, -1)
SELECT array_in('{1}', 'checked'::regtype, -1)
SELECT leak_sum(id) FROM account
SELECT leak_final(id) FROM account
SELECT leak_sum(id) OVER (ORDER BY id) FROM account
SELECT leak_sum(id) FILTER (WHERE id > 0) FROM account
SELECT * FROM guarded
SELECT count(*) FROM guarded
SELECT * FROM over_guarded
SELECT * FROM indexed
SELECT * FROM partial
SELECT * FROM parent
SELECT * FROM child
SELECT * FROM measured
SELECT * FROM from_program
SELECT table_to_xml('leaking_view', true, false, '')
SELECT table_to_xml('leaking' || '_view', true, false, '')
SELECT table_to_xml_and_xmlschema('leaking_view', true, false, '')
SELECT query_to_xml('SELECT leak()', true, false, '')
SELECT schema_to_xml('public', true, false, '')
SELECT database_to_xml(true, false, '')
SELECT dblink_exec('LOOPBACK', 'INSERT INTO outside VALUES (1)')
SELECT * FROM dblink('LOOPBACK', 'INSERT INTO outside VALUES (1) RETURNING 1') AS t(n int)
SELECT dblink_connect('LOOPBACK')
SELECT dblink_send_query('LOOPBACK', 'SELECT 1')
SELECT "public"."dblink_exec"('LOOPBACK', 'INSERT INTO outside VALUES (1)')
SELECT * FROM pg_shadow
SELECT * FROM pg_catalog.pg_authid
SELECT * FROM far_view
SELECT max(n) FROM over_far_view
SELECT '[a,b]'::text_span
SELECT text_span('a', 'b')
SELECT '{[a,b]}'::text_spans
SELECT text_spans(text_span('a', 'b'))
