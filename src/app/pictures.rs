//! Decoding uploaded pictures: off the async threads, a few at once, a short queue behind them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::domain::Fault;
use crate::domain::picture::{CleanPicture, PictureRule};

/// Pictures that are decoded at once: each may take 150 MiB of memory.
const AT_ONCE: usize = 2;

/// Pictures that are decoded or wait for it.
const UNDER_WAY: usize = 10;

/// The answer when too many wait already.
const OVERLOADED: Fault = Fault::Overloaded { retry_after: 1 };

/// The place where pictures are decoded. Cloning is cheap; all clones share the limits.
#[derive(Debug, Clone)]
pub struct Pictures {
    at_once: Arc<Semaphore>,
    under_way: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
        }
    }
}

impl Pictures {
    /// Decodes an uploaded picture and encodes it again.
    ///
    /// # Errors
    /// [`Fault::AvatarInvalid`] for what is not a picture within the limits, [`Fault::Overloaded`] when
    /// too many wait already.
    pub async fn clean(&self, bytes: Vec<u8>, rule: PictureRule) -> Result<CleanPicture, Fault> {
        let _place = self.under_way.try_acquire().map_err(|_| OVERLOADED)?;
        let turn = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|_| OVERLOADED)?;
        let cleaned = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, even when the caller has gone.
            let _turn = turn;
            CleanPicture::of(&bytes, rule)
        });
        // A panic of a decoder is the fault of the file.
        cleaned.await.map_or(Err(Fault::AvatarInvalid), |cleaned| {
            cleaned.map_err(|_| Fault::AvatarInvalid)
        })
    }
}
