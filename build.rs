//! Compresses the assets of the pages with Brotli, so that the binary needs no encoder, and notes the time of the build.

use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

/// The folder of the assets.
const ASSETS: &str = "src/web/assets";

fn main() -> Result<(), Box<dyn Error>> {
    // A clock before this time is wrong. Reproducible builds set the variable.
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let built = match env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => seconds.parse()?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    println!("cargo::rustc-env=BUILD_SECONDS={built}");
    println!("cargo::rerun-if-changed={ASSETS}");
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=askama.toml");
    let target = Path::new(&env::var("OUT_DIR")?).join("assets");
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir(ASSETS)? {
        let path = entry?.path();
        let (Some(name), true) = (path.file_name().and_then(|name| name.to_str()), path.is_file()) else {
            continue;
        };
        let parameters = brotli::enc::BrotliEncoderParams {
            quality: 11,
            ..Default::default()
        };
        let mut compressed = Vec::new();
        brotli::BrotliCompress(&mut fs::File::open(&path)?, &mut compressed, &parameters)?;
        fs::write(target.join(format!("{name}.br")), compressed)?;
    }
    Ok(())
}
