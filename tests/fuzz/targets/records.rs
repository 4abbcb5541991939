//! Any bytes under any key of any table, with a right checksum: they decode as a record, or are refused as damage.
//!
//! The first byte of an input chooses the table and the second one the length of the key. Then come the key, the version
//! of the record and its body. What decodes is also restored and opened, which checks it against its indexes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcall::store::{Table, backup};
use rollcall_fuzz::backup::{Backup, HEAD, HEAD_KIND, RECORDS_KIND, records, restored, sealed};

fuzz_target!(|input: &[u8]| {
    let Some(([table, key_bytes], rest)) = input.split_first_chunk() else {
        return;
    };
    let table = Table::ALL[usize::from(*table) % Table::ALL.len()];
    let Some((key, versioned)) = rest.split_at_checked(usize::from(*key_bytes)) else {
        return;
    };
    let mut file = Backup::default();
    file.add_plain(HEAD_KIND, HEAD);
    file.add_plain(RECORDS_KIND, &records(table, &[(key, &sealed(table, key, versioned))]));
    let file = file.end(1);
    if backup::check(&*file).is_ok() {
        restored(&file);
    }
});
