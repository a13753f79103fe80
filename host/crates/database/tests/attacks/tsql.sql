-- One attack a line, for SQL Server. Nothing here may change anything, and each must be refused or stopped.
INSERT INTO account VALUES (9, 'x', 1)
UPDATE account SET balance = 0
DELETE FROM account
DELETE account OUTPUT deleted.*
MERGE account AS t USING (SELECT 1 AS id) AS s ON t.id = s.id WHEN MATCHED THEN DELETE;
TRUNCATE TABLE account
WITH d AS (SELECT * FROM account) DELETE FROM d
WITH d AS (SELECT * FROM account) UPDATE d SET balance = 0
WITH d AS (SELECT 1 AS n) INSERT INTO account SELECT 10, 'x', n FROM d
SELECT * INTO intruder FROM account
SELECT * INTO #intruder FROM account
SELECT * INTO ##intruder FROM account
SELECT * FROM (DELETE FROM account OUTPUT deleted.id) AS d
INSERT INTO account SELECT * FROM (DELETE FROM account OUTPUT deleted.*) AS d
SELECT 1 DELETE FROM account
SELECT 1 DROP TABLE account
SELECT 1 EXEC sp_who
SELECT 1; DELETE FROM account
SELECT 1 COMMIT DELETE FROM account
SELECT 1 COMMIT TRANSACTION
SELECT 1 ROLLBACK
SELECT 1 SELECT 2
SELECT 1 AS [x]]; DROP TABLE account; --] DROP TABLE account
SELECT 'it''s' DELETE FROM account
SELECT 1 /* /* */ */ DELETE FROM account
COMMIT
ROLLBACK
BEGIN TRANSACTION
BEGIN TRY DELETE FROM account END TRY BEGIN CATCH END CATCH
IF 1 = 1 DELETE FROM account
WHILE 1 = 1 DELETE FROM account
DECLARE @x int = 1 DELETE FROM account
SET IMPLICIT_TRANSACTIONS ON
SET XACT_ABORT OFF
SET ROWCOUNT 1
SELECT 1 SET ROWCOUNT 1
EXEC xp_cmdshell 'dir'
EXECUTE master..xp_cmdshell 'dir'
xp_cmdshell 'dir'
EXEC('DELETE FROM account')
EXEC sp_executesql N'DELETE FROM account'
EXEC sp_configure 'xp_cmdshell', 1
EXEC sp_addsrvrolemember 'x', 'sysadmin'
sp_rename 'account', 'gone'
RECONFIGURE
SELECT * FROM OPENROWSET(BULK 'C:\Windows\win.ini', SINGLE_CLOB) AS f
SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'DELETE FROM account')
SELECT * FROM OPENQUERY(linked, 'DELETE FROM account')
SELECT * FROM OPENDATASOURCE('SQLNCLI', 'x').db.dbo.account
SELECT * FROM [OPENROWSET] ('x', 'y', 'z')
BULK INSERT account FROM 'C:\x'
CREATE TABLE intruder (a int)
CREATE PROCEDURE intruder AS SELECT 1
CREATE LOGIN intruder WITH PASSWORD = 'x'
ALTER TABLE account ADD intruder int
ALTER DATABASE CURRENT SET READ_ONLY
DROP TABLE account
DROP DATABASE master
GRANT CONTROL TO PUBLIC
REVOKE SELECT ON account FROM PUBLIC
DENY SELECT ON account TO PUBLIC
BACKUP DATABASE master TO DISK = 'C:\x'
RESTORE DATABASE x FROM DISK = 'C:\x'
DBCC FREEPROCCACHE
DBCC CHECKIDENT('account', RESEED, 1)
KILL 55
SHUTDOWN
WAITFOR DELAY '00:00:30'
SELECT 1 WAITFOR DELAY '00:00:30'
USE master
SELECT 1 USE master
PRINT 'x'
RAISERROR('x', 16, 1)
SELECT NEXT VALUE FOR counter
SELECT NEXT VALUE FOR dbo.counter OVER (ORDER BY id) FROM account
SELECT * FROM account WITH (UPDLOCK, HOLDLOCK)
SELECT * FROM account WITH (TABLOCKX)
SELECT * FROM account WITH (NOLOCK, XLOCK)
SELECT * FROM sys.fn_trace_gettable('C:\x.trc', DEFAULT)
SELECT * FROM sys.fn_xe_file_target_read_file('C:\*.xel', NULL, NULL, NULL)
SELECT * FROM sys.dm_os_file_exists('C:\x')
REVERT
EXECUTE AS USER = 'dbo'
CHECKPOINT
OPEN intruder
DEALLOCATE intruder
WRITETEXT account.name 0x0 'x'
GOTO intruder
RETURN
SAVE TRANSACTION intruder
THROW 50000, 'x', 1
SELECT 1 THROW 50000, 'x', 1
SELECT 1;SELECT 2
SELECT 1; -- ; \nDELETE FROM account
SELECT 1 --\nDELETE FROM account
SELECT 1 /**/DELETE/**/FROM account
SELECT 1 /* */; /* */ DROP TABLE account
SELECT 1;;DROP TABLE account
;DELETE FROM account
;WITH d AS (SELECT * FROM account) DELETE FROM d
SELECT * FROM account WHERE 1=1;EXEC('DROP TABLE account')
SELECT 1 EXEC('DELETE FROM account') AT linked
EXEC linked.master.dbo.sp_executesql N'DELETE FROM account'
EXEC sp_OACreate 'wscript.shell', @x OUT
EXEC master.dbo.xp_regwrite 'HKEY_LOCAL_MACHINE', 'x', 'y', 'REG_SZ', 'z'
EXEC xp_dirtree 'C:\', 1, 1
SELECT * FROM OPENROWSET(BULK N'/etc/passwd', SINGLE_CLOB) AS f
SELECT a.* FROM OPENROWSET('MSDASQL', 'Driver={SQL Server};Server=x', 'SELECT 1') AS a
SELECT * FROM OPENQUERY([linked], 'EXEC sp_who')
SELECT (SELECT TOP 1 name FROM OPENQUERY(linked, 'DELETE FROM account OUTPUT deleted.name'))
SELECT * FROM [opendatasource]('SQLNCLI', 'x').db.dbo.account
SELECT * FROM "openrowset"('x', 'y', 'z')
SELECT * INTO [intruder] FROM account WHERE 1 = 0
SELECT id INTO dbo.intruder FROM account UNION SELECT 1
SELECT 1 WHERE EXISTS (SELECT 1) UPDATE account SET balance = 0
SELECT 1 AS a INSERT account VALUES (1, 'x', 1)
SELECT 1 TRUNCATE TABLE account
SELECT 1 MERGE account AS t USING account AS s ON t.id = s.id WHEN MATCHED THEN DELETE;
SELECT 1 BEGIN TRAN
SELECT 1 IF 1 = 1 DROP TABLE account
SELECT 1 WHILE 1 = 1 SELECT 2
SELECT 1 DECLARE @x int
SELECT 1 SAVE TRAN x
SELECT 1 KILL 55
SELECT 1 SHUTDOWN WITH NOWAIT
SELECT 1 BACKUP DATABASE master TO DISK = 'nul'
SELECT 1 DBCC SHRINKDATABASE (shop)
SELECT 1 RECONFIGURE
SELECT 1 GRANT CONTROL TO PUBLIC
SELECT 1 REVERT
SELECT 1 EXECUTE AS LOGIN = 'sa'
SELECT 1 SET LOCK_TIMEOUT -1
SELECT 1 SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
SELECT 1 PRINT 'x'
SELECT 1 RAISERROR('x', 20, 1) WITH LOG
SELECT @x = 1
SELECT @x = id FROM account
SET @x = 1
SELECT * FROM account WITH (UPDLOCK)
SELECT * FROM account (UPDLOCK)
SELECT * FROM account WITH (HOLDLOCK, TABLOCKX)
SELECT * FROM account WITH (XLOCK, ROWLOCK) WHERE id = 1
SELECT name FROM account ORDER BY name DROP TABLE account
SELECT TOP 1 * FROM account ORDER BY id WAITFOR TIME '23:59'
WAITFOR (RECEIVE TOP (1) * FROM queue)
CREATE TABLE #intruder (a int)
SELECT 1 CREATE TABLE ##intruder (a int)
ALTER LOGIN sa WITH PASSWORD = 'x'
ALTER SERVER ROLE sysadmin ADD MEMBER intruder
CREATE TRIGGER intruder ON account AFTER INSERT AS DELETE FROM account
DISABLE TRIGGER ALL ON account
ENABLE TRIGGER ALL ON account
ADD SIGNATURE TO intruder BY CERTIFICATE x
UPDATE STATISTICS account
BULK INSERT account FROM '\\intruder\share\x'
INSERT INTO OPENROWSET('x', 'y', 'z') SELECT 1
RECEIVE * FROM queue
SEND ON CONVERSATION 'x' MESSAGE TYPE y
GET CONVERSATION GROUP @x FROM queue
SETUSER 'dbo'
READTEXT account.name @x 0 1
SELECT * FROM fn_trace_gettable(N'C:\x.trc', 1)
SELECT * FROM sys.fn_get_audit_file('C:\*', DEFAULT, DEFAULT)
SELECT * FROM master.sys.fn_dump_dblog(NULL, NULL, N'DISK', 1, N'\\intruder\x')
SELECT * FROM sys.dm_os_enumerate_filesystem('C:\', '*')
SELECT NEXT VALUE FOR dbo.counter AS n, id FROM account
SELECT * FROM linked.shop.dbo.account
SELECT * FROM linked...account
ＤＥＬＥＴＥ FROM account
SELECT 1 ； DELETE FROM account
SELECT 'x' COLLATE Latin1_General_CI_AS DELETE account
SELECT 1 AS [delete] DELETE account
DECLARE c CURSOR FOR SELECT 1
OPEN c
FETCH NEXT FROM c
CLOSE c
WITH x AS (SELECT 1 AS a) SELECT a INTO intruder FROM x
WITH x AS (SELECT 1 AS a) MERGE account USING x ON 1 = 1 WHEN MATCHED THEN DELETE;
(SELECT 1) DELETE FROM account
SELECT 1 FROM (SELECT 1 AS a) AS t(a) DELETE FROM account
SELECT name, password_hash FROM sys.sql_logins
SELECT * FROM [sys].[sql_logins]
SELECT * FROM "sys" . "server_principals"
SELECT * FROM master.sys.server_principals
SELECT * FROM master..syslogins
SELECT * FROM msdb.dbo.sysjobs
SELECT * FROM tempdb.sys.tables
SELECT * FROM syslogins
SELECT * FROM dbo.sysusers
SELECT * FROM sys.sysprocesses
SELECT * FROM sys.server_permissions
SELECT * FROM sys.server_role_members
SELECT * FROM sys.database_principals
SELECT * FROM sys.database_permissions
SELECT * FROM sys.credentials
SELECT * FROM sys.database_scoped_credentials
SELECT * FROM sys.linked_logins
SELECT * FROM sys.servers
SELECT * FROM sys.symmetric_keys
SELECT * FROM sys.certificates
SELECT * FROM sys.configurations
SELECT * FROM sys.dm_exec_sessions
SELECT * FROM sys.dm_exec_connections
SELECT t.text FROM sys.dm_exec_requests AS r CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) AS t
SELECT * FROM sys.dm_os_sys_info
SELECT * FROM sys.fn_dblog(NULL, NULL)
SELECT * FROM sys.messages
SELECT id FROM account WHERE EXISTS (SELECT 1 FROM sys.sql_logins WHERE name = 'sa')
SELECT LOGINPROPERTY('sa', 'PasswordHash')
SELECT PWDCOMPARE('x', 0x01)
SELECT CERTPRIVATEKEY(1, 'x')
SELECT sleep(30)
SELECT pg_sleep(30)
SELECT BENCHMARK(1000000000, 1)
SELECT dbo.sleep(30)
WAITFOR DELAY '0:0:30' SELECT 1
SELECT * FROM account; WAITFOR DELAY '0:0:30'
SELECT * FROM sys.sp_who2
SELECT dbo.xp_dirtree('C:\')
