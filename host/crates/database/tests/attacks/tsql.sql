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
