//! Compresses the assets of the pages with Brotli, so that the binary needs no encoder.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// The folder of the assets.
const ASSETS: &str = "src/web/assets";

fn main() -> Result<(), Box<dyn Error>> {
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
