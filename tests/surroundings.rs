//! Machines unlike the one a run was begun on: other languages, time zones, clocks and cores, disks that are full or cannot be written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, 城市 TEXT NOT NULL, joined DATE, points REAL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), placed DATETIME, amount REAL);
    INSERT INTO customers VALUES (1,'奥斯陆','2024-01-02',10.5),(2,'Bergen','2024-05-06',25),(3,'İzmir',NULL,7),(4,'Narvik','2023-11-30',99);
    INSERT INTO orders VALUES (1,1,'2024-02-01 23:30:00',12.5),(2,1,'2024-02-03',80),(3,2,NULL,7.25),(4,4,'2023-12-24 18:30:00',31);
";

/// A folder with the database `shop.sqlite`.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch(SHOP).unwrap();
    folder
}

fn command(folder: &Path, run_folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nl2sql"));
    command
        .current_dir(folder)
        .args(["run", "--quiet", "--run-dir"])
        .arg(run_folder)
        .args(["--set", "database.path=shop.sqlite", "--set", "run.name=shop"])
        .args(["--set", "privacy.sample_values=true", "--set", "plan.total=80"])
        .args(["--set", "generate.languages.zh=0.5"]);
    command
}

fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("panicked"), "{text}");
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a run is made for: samples, verdicts and the export.
fn bytes(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let export = fs::read_dir(run.join("export")).unwrap();
    let mut files: Vec<PathBuf> = export.map(|entry| entry.unwrap().path()).collect();
    let others = [
        "metadata.json",
        "cards.json",
        "plan.json",
        "samples.jsonl",
        "verdicts.jsonl",
        "coverage.json",
    ];
    files.extend(others.map(|name| run.join(name)));
    let read = |file: &PathBuf| (file.strip_prefix(run).unwrap().to_owned(), fs::read(file).unwrap());
    files.iter().map(read).collect()
}

#[test]
fn locale_time_zone_and_core_count_do_not_change_bytes() {
    let folder = shop();
    let run = |name: &str, variables: &[(&str, &str)]| {
        let place = folder.path().join(name);
        let output = command(folder.path(), &place)
            .env_remove("RAYON_NUM_THREADS")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{variables:?}: {}", told(&output));
        bytes(&place)
    };
    let wanted = run("usual", &[]);
    for (name, variables) in [
        ("turkish", &[("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")][..]),
        ("plain", &[("LC_ALL", "C"), ("LANGUAGE", "")]),
        ("dateline", &[("TZ", "Pacific/Kiritimati")]),
        ("west", &[("TZ", "America/Los_Angeles")]),
        ("one", &[("RAYON_NUM_THREADS", "1")]),
        ("many", &[("RAYON_NUM_THREADS", "7")]),
    ] {
        assert!(run(name, variables) == wanted, "{variables:?} left another outcome");
    }
}

#[test]
fn a_run_resumes_to_the_same_bytes_with_other_core_counts() {
    let folder = shop();
    let whole = folder.path().join("whole");
    assert!(command(folder.path(), &whole).status().unwrap().success());
    let moved = folder.path().join("moved");
    let begun = command(folder.path(), &moved)
        .env("RAYON_NUM_THREADS", "1")
        .args(["--set", "generate.rounds=1"])
        .output()
        .unwrap();
    assert!(begun.status.code().is_some(), "{}", told(&begun));
    let ended = command(folder.path(), &moved)
        .env("RAYON_NUM_THREADS", "5")
        .args(["--accept-edits", "--redo"])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", told(&ended));
    assert!(bytes(&moved) == bytes(&whole));
}

#[test]
fn a_clock_that_moves_backwards_does_not_change_a_run() {
    let folder = shop();
    let place = folder.path().join("run");
    assert!(command(folder.path(), &place).status().unwrap().success());
    let wanted = bytes(&place);
    // Everything in the run folder, and the database, comes from a century ahead.
    let far = std::time::SystemTime::now() + std::time::Duration::from_secs(100 * 365 * 86_400);
    let mut files: Vec<PathBuf> = fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.push(folder.path().join("shop.sqlite"));
    for path in files {
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(far)
            .unwrap();
    }
    let again = command(folder.path(), &place).output().unwrap();
    assert!(again.status.success(), "{}", told(&again));
    assert!(bytes(&place) == wanted);
}

#[test]
fn a_run_folder_of_a_later_version_is_not_touched() {
    let folder = shop();
    let place = folder.path().join("run");
    assert!(command(folder.path(), &place).status().unwrap().success());
    let ledger = place.join("stages.json");
    let text = fs::read_to_string(&ledger).unwrap();
    assert!(text.contains("\"format\": 1"), "{text}");
    // The ledger may look otherwise altogether.
    fs::write(&ledger, "{ \"format\": 2, \"stages\": [] }").unwrap();
    let manifest = fs::read(place.join("run.toml")).unwrap();
    for rerun in [&[][..], &["--accept-edits"], &["--redo"]] {
        let output = command(folder.path(), &place).args(rerun).output().unwrap();
        let said = told(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("later nl2sql") && said.contains("run.name"), "{said}");
    }
    assert_eq!(fs::read(place.join("run.toml")).unwrap(), manifest);
    // A folder from before the number was written is one of the first format.
    fs::write(&ledger, text.replace("\"format\": 1,", "")).unwrap();
    assert!(command(folder.path(), &place).status().unwrap().success());
}

/// Runs a script of the shell where it may mount; `None` where that is not allowed, which is said.
#[cfg(target_os = "linux")]
pub fn with_mounts(test: &str, folder: &Path, script: &str) -> Option<Output> {
    let unshare = |script: &str| {
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script])
            .current_dir(folder)
            .env("NL2SQL", env!("CARGO_BIN_EXE_nl2sql"))
            .output()
    };
    let allowed = unshare("mount -t tmpfs none /mnt").is_ok_and(|output| output.status.success());
    if !allowed {
        eprintln!("skipped: {test} needs the right to mount");
        return None;
    }
    Some(unshare(script).unwrap())
}

#[cfg(target_os = "linux")]
const SET: &str = "--set database.path=shop.sqlite --set run.name=shop --set privacy.sample_values=true --set plan.total=80 --set generate.languages.zh=0.5";

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_and_the_run_resumes_once_there_is_room() {
    let folder = shop();
    let whole = folder.path().join("whole");
    assert!(command(folder.path(), &whole).status().unwrap().success());
    // From hardly room for the ledger to hardly no room for the export.
    let script = format!(
        "set -e; mkdir -p disk kept; for size in 4k 20k 36k 52k 80k 120k 160k; do
           mount -t tmpfs -o size=$size none disk
           code=0; $NL2SQL run --quiet --run-dir disk/run {SET} > said.txt 2>&1 || code=$?
           if [ $code -eq 0 ]; then echo fits $size; else
             cat said.txt; grep -q 'disk' said.txt; grep -qi 'panicked' said.txt && exit 9
             mount -o remount,size=8m disk; $NL2SQL run --quiet --run-dir disk/run {SET}; echo resumed $size
           fi
           rm -rf kept/$size; cp -r disk/run kept/$size; umount disk; done"
    );
    let test = "a_full_disk_is_named_and_the_run_resumes_once_there_is_room";
    let Some(output) = with_mounts(test, folder.path(), &script) else {
        return;
    };
    let said = told(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("resumed 20k") && said.contains("resumed 80k"), "{said}");
    assert!(said.contains("disk is full"), "{said}");
    for kept in fs::read_dir(folder.path().join("kept")).unwrap() {
        let kept = kept.unwrap().path();
        assert!(bytes(&kept) == bytes(&whole), "{}", kept.display());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_database_on_read_only_media_is_read_and_a_run_folder_there_is_named() {
    let folder = shop();
    let script = format!(
        "set -e; mkdir -p disk; mount -t tmpfs -o size=8m none disk; cp shop.sqlite disk/; $NL2SQL run --quiet --run-dir disk/run {SET}
         mount -o remount,ro disk; cp disk/run/samples.jsonl before.jsonl
         $NL2SQL run --quiet --run-dir fresh {SET} --set database.path=disk/shop.sqlite; echo read well
         code=0; $NL2SQL run --quiet --run-dir disk/run {SET} > said.txt 2>&1 || code=$?; cat said.txt; echo code $code
         code=0; $NL2SQL run --quiet --run-dir disk/other {SET} > said.txt 2>&1 || code=$?; cat said.txt; echo code $code
         cmp disk/run/samples.jsonl before.jsonl"
    );
    let test = "a_database_on_read_only_media_is_read_and_a_run_folder_there_is_named";
    let Some(output) = with_mounts(test, folder.path(), &script) else {
        return;
    };
    let said = told(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("read well"), "{said}");
    assert_eq!(said.matches("code 1").count(), 2, "{said}");
    assert!(
        said.contains("Read-only file system") && said.contains("--run-dir"),
        "{said}"
    );
}

#[test]
#[cfg(unix)]
fn files_that_the_user_may_not_read_are_named() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let folder = shop();
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open(folder.path(), 0o777);
    open(&folder.path().join("shop.sqlite"), 0o000);
    let mut reading = command(folder.path(), &folder.path().join("run"));
    if rustix::process::geteuid().is_root() {
        // Root may read everything, so that this is tried as somebody else.
        reading.uid(NOBODY).gid(NOBODY).env("HOME", folder.path());
    }
    let output = match reading.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!(
                "skipped: files_that_the_user_may_not_read_are_named needs a program that everybody may run: {error}"
            );
            return;
        }
    };
    let said = told(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("shop.sqlite") && said.to_lowercase().contains("permission"),
        "{said}"
    );
}
