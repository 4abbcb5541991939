//! Archives of `mongodump --archive`, written here block by block.

use std::fs;

use bson::{Document, doc};

use super::dump::{Collections, collections, gzip, user};
use super::rocketchat::{exported, imported};
use crate::support::backup::{done, refused};
use crate::support::server::new_folder;

const MAGIC: [u8; 4] = [0x6d, 0xe2, 0x99, 0x81];
const TERMINATOR: [u8; 4] = [0xff; 4];

/// Returns an archive. The documents of all collections alternate, one in each block, and other collections are between.
pub fn archive(database: &str, collections: &Collections) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let mut put = |document: Document| bytes.extend(document.to_vec().expect("bytes"));
    put(doc! {"concurrent_collections": 4_i32, "version": "0.1", "server_version": "6.0.5", "tool_version": "100.7"});
    put(doc! {"db": "admin", "collection": "system.version", "metadata": "{}", "size": 1_i32, "type": "collection"});
    for (name, _) in collections {
        put(doc! {"db": database, "collection": *name, "metadata": "{}", "size": 1_i32, "type": "collection"});
    }
    bytes.extend(TERMINATOR);
    let most = collections.iter().map(|(_, documents)| documents.len()).max();
    for place in 0..most.unwrap_or_default() {
        for (name, documents) in collections {
            let Some(document) = documents.get(place) else {
                continue;
            };
            bytes.extend(
                doc! {"db": database, "collection": *name, "EOF": false, "CRC": 0_i64}
                    .to_vec()
                    .expect("bytes"),
            );
            bytes.extend(document.to_vec().expect("bytes"));
            bytes.extend(TERMINATOR);
            let other = doc! {"db": database, "collection": "rocketchat_message", "EOF": false, "CRC": 0_i64};
            bytes.extend(other.to_vec().expect("bytes"));
            bytes.extend(doc! {"_id": "m", "username": "mallory"}.to_vec().expect("bytes"));
            bytes.extend(TERMINATOR);
        }
    }
    for (name, _) in collections {
        let end = doc! {"db": database, "collection": *name, "EOF": true, "CRC": 7_i64};
        bytes.extend(end.to_vec().expect("bytes"));
        bytes.extend(TERMINATOR);
    }
    bytes
}

#[test]
fn an_archive_is_imported_as_the_folder_of_the_same_dump_is() {
    let whole = archive("rocketchat", &collections());
    let folder = imported(&collections());
    for (name, bytes) in [("dump.archive", whole.clone()), ("dump.archive.gz", gzip(&whole))] {
        let home = new_folder();
        fs::write(home.path().join(name), bytes).expect("a file");
        done(home.path(), &["import", "rocketchat", name]);
        assert_eq!(exported(home.path()), exported(folder.path()), "{name}");
    }
}

#[test]
fn an_archive_that_is_cut_or_not_clear_is_refused_with_the_reason() {
    let home = new_folder();
    let write = |bytes: &[u8]| fs::write(home.path().join("x.archive"), bytes).expect("a file");
    let users = vec![("users", vec![user("rbAXPnMktTFbNpwtJ", "ada")])];
    let whole = archive("rocketchat", &users);
    let call = ["import", "rocketchat", "x.archive"];
    let mut twice = archive("chat", &users);
    let begin = MAGIC.len();
    let length =
        |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let header = length(&twice, begin);
    let other = doc! {"db": "rocketchat", "collection": "users", "metadata": "{}", "size": 1_i32};
    twice.splice(begin + header..begin + header, other.to_vec().expect("bytes"));
    write(&twice);
    assert!(refused(home.path(), &call).contains("several databases of the archive"));
    write(&archive("rocketchat", &vec![("rocketchat_roles", Vec::new())]));
    assert!(refused(home.path(), &call).contains("has no collection users"));
    write(&whole[..whole.len() - 20]);
    let output = crate::support::backup::call(home.path(), &call);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(words.contains("1 created") && words.contains("cut short"), "{words}");
}
