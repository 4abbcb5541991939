//! Dumps of Rocket.Chat as MongoDB's tools write them, built by the tests.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Document, doc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::support::pictures::halves;
use crate::support::server::PASSWORD_DIGEST;

/// The moment of all documents: 2021-03-04T05:06:07.890Z.
pub const MOMENT: i64 = 1_614_834_367_890;

/// The personal access token of `ada` in plain text.
pub const TOKEN: &str = "PersonalTokenOfAdaInRocketChat000000000000w";

/// The secret of the authenticator app of `tia`.
pub const TOTP: &str = "KRSXG5CTMVRXEZLUKN2XAZLSKNSWG4TFOQKRSXG5CTMVRXEZLUKQ";

/// A backup code of `tia`.
pub const BACKUP_CODE: &str = "aB3dE6gH";

/// The collections of a dump with their names.
pub type Collections = Vec<(&'static str, Vec<Document>)>;

/// Returns the hash of a password as Rocket.Chat stores it.
pub fn bcrypt_of(digest: &str) -> String {
    bcrypt::hash(digest, 4).expect("a hash")
}

/// Returns a user with an id, a username, a password, and few other fields.
pub fn user(id: &str, username: &str) -> Document {
    doc! {
        "_id": id,
        "username": username,
        "name": format!("Name of {username}"),
        "emails": [{"address": format!("{username}@example.com"), "verified": true}],
        "roles": ["user"],
        "active": true,
        "type": "user",
        "createdAt": DateTime::from_millis(MOMENT),
        "services": {"password": {"bcrypt": bcrypt_of(PASSWORD_DIGEST)}},
    }
}

fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

fn ada() -> Document {
    let mut ada = user("rbAXPnMktTFbNpwtJ", "ada");
    let hashed = BASE64_STANDARD.encode(sha256(TOKEN));
    ada.insert("roles", vec!["admin", "user", "night"]);
    ada.insert("bio", "analyst");
    ada.insert("nickname", "countess");
    ada.insert("statusText", "in a call");
    ada.insert("statusDefault", "busy");
    ada.insert("lastLogin", DateTime::from_millis(MOMENT + 1));
    ada.insert("utcOffset", 5.5_f64);
    ada.insert(
        "customFields",
        doc! {"team": "engine", "floor": 3_i64, "since": DateTime::from_millis(MOMENT)},
    );
    ada.insert(
        "settings",
        doc! {"preferences": {"idleTimeLimit": 300.0_f64, "themeAppearence": "dark", "notOfThisServer": 1_i32}},
    );
    let services = ada.get_document_mut("services").expect("services");
    services.insert(
        "resume",
        doc! {"loginTokens": [
            {"when": DateTime::from_millis(MOMENT), "hashedToken": BASE64_STANDARD.encode(sha256("a session"))},
            {
                "type": "personalAccessToken",
                "createdAt": DateTime::from_millis(MOMENT),
                "lastTokenPart": "00000w",
                "name": "deploy",
                "bypassTwoFactor": true,
                "hashedToken": hashed,
            },
        ]},
    );
    ada
}

fn tia() -> Document {
    let mut tia = user("tiaTiaTiaTiaTiaTi", "tia");
    let digest: Vec<_> = sha256(BACKUP_CODE).iter().map(|byte| format!("{byte:02x}")).collect();
    let services = tia.get_document_mut("services").expect("services");
    services.insert(
        "totp",
        doc! {"enabled": true, "secret": TOTP, "hashedBackup": [digest.concat()]},
    );
    tia
}

/// Returns a dump with every kind of data that is imported.
pub fn collections() -> Collections {
    let mut bot = user("botBotBotBotBotBo", "deploy.bot");
    bot.insert("type", "bot");
    bot.remove("services");
    let mut former = user("forForForForForFo", "former");
    former.insert("active", false);
    let own_bot = doc! {"_id": "rocket.cat", "username": "rocket.cat", "type": "bot", "roles": ["bot"]};
    let picture = Binary {
        subtype: BinarySubtype::Generic,
        bytes: halves(80, 60, image::ImageFormat::Png),
    };
    let size = i32::try_from(picture.bytes.len()).expect("a small picture");
    vec![
        (
            "rocketchat_roles",
            vec![
                doc! {"_id": "admin", "name": "admin", "scope": "Users", "protected": true, "description": "Admin"},
                doc! {"_id": "night", "name": "night shift", "scope": "Users", "description": "", "mandatory2fa": false},
            ],
        ),
        (
            "rocketchat_custom_user_status",
            vec![doc! {"_id": "5f1f2e3d4c5b6a7980a1b2c3", "name": "caught up", "statusType": "busy"}],
        ),
        ("users", vec![ada(), tia(), bot, former, own_bot]),
        (
            "rocketchat_avatars",
            vec![
                doc! {"_id": "file1", "name": "ada", "userId": "rbAXPnMktTFbNpwtJ", "size": size, "type": "image/png"},
            ],
        ),
        (
            "rocketchat_avatars.chunks",
            vec![doc! {"_id": "chunk1", "files_id": "file1", "n": 0_i32, "data": Bson::Binary(picture)}],
        ),
    ]
}

/// Returns documents one after the other, as in a file of `mongodump`.
pub fn bson_file(documents: &[Document]) -> Vec<u8> {
    let bytes = documents.iter().map(|document| document.to_vec().expect("bytes"));
    bytes.collect::<Vec<_>>().concat()
}

/// Writes a folder as `mongodump` does.
pub fn write_bson(folder: &Path, collections: &Collections) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, documents) in collections {
        fs::write(folder.join(format!("{name}.bson")), bson_file(documents)).expect("a file");
    }
}

/// Packs bytes as gzip does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("bytes");
    packed.finish().expect("bytes")
}

/// The forms of extended JSON.
#[derive(Clone, Copy)]
pub enum Form {
    Canonical,
    Relaxed,
}

/// Converts a value to extended JSON.
pub fn json_of(value: &Bson, form: Form) -> Value {
    match (value, form) {
        (Bson::Double(number), Form::Canonical) => json!({"$numberDouble": format!("{number:?}")}),
        (Bson::Double(number), Form::Relaxed) => json!(number),
        (Bson::Int32(number), Form::Canonical) => json!({"$numberInt": number.to_string()}),
        (Bson::Int64(number), Form::Canonical) => json!({"$numberLong": number.to_string()}),
        (Bson::Int32(number), Form::Relaxed) => json!(number),
        (Bson::Int64(number), Form::Relaxed) => json!(number),
        (Bson::DateTime(moment), Form::Canonical) => {
            json!({"$date": {"$numberLong": moment.timestamp_millis().to_string()}})
        }
        (Bson::DateTime(moment), Form::Relaxed) => json!({"$date": moment.try_to_rfc3339_string().expect("a moment")}),
        (Bson::Binary(binary), _) => {
            json!({"$binary": {"base64": BASE64_STANDARD.encode(&binary.bytes), "subType": "00"}})
        }
        (Bson::String(text), _) => json!(text),
        (Bson::Boolean(set), _) => json!(set),
        (Bson::Array(items), _) => items.iter().map(|item| json_of(item, form)).collect(),
        (Bson::Document(document), _) => {
            let fields = document
                .iter()
                .map(|(name, value)| (name.clone(), json_of(value, form)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}

/// Writes a folder as `mongoexport` does for each collection: an array of canonical documents, or lines of relaxed ones.
pub fn write_json(folder: &Path, collections: &Collections, form: Form) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, documents) in collections {
        let documents: Vec<_> = documents
            .iter()
            .map(|document| json_of(&Bson::Document(document.clone()), form))
            .collect();
        let text = match form {
            Form::Canonical => serde_json::to_string(&documents).expect("JSON"),
            Form::Relaxed => {
                let lines: Vec<_> = documents.iter().map(|document| format!("{document}\n")).collect();
                lines.concat()
            }
        };
        fs::write(folder.join(format!("{name}.json")), text).expect("a file");
    }
}
