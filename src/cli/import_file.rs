//! The lines of an export in a file.

use std::io::{self, BufRead, Read};

use crate::domain::transfer::{
    EXPORT_FORMAT, EXPORT_VERSION, EndLine, HeaderLine, LINE_BYTES, SourceLine, TransferLine,
};

/// Reads an export line by line.
pub struct ImportFile<R> {
    input: R,
    /// The number of the last line, from 1 on.
    number: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The header comes next.
    Begun,
    /// The header was valid.
    Within,
    /// Nothing more is read.
    Ended,
}

impl<R: BufRead> ImportFile<R> {
    /// Begins to read. The header is read with the first line.
    pub const fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            state: State::Begun,
        }
    }

    /// Reads the next line without its line feed, and skips blank ones; `None` at the end of the file. The inner error is
    /// the reason why one line cannot be used.
    fn read(&mut self) -> io::Result<Option<Result<Vec<u8>, String>>> {
        loop {
            let mut line = Vec::new();
            let most = LINE_BYTES as u64 + 1;
            if self.input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if line.last() != Some(&b'\n') && line.len() > LINE_BYTES {
                self.skip_line()?;
                return Ok(Some(Err(format!("it has more than {LINE_BYTES} bytes"))));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(Ok(line)));
            }
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.input.fill_buf()?;
            let end = memchr::memchr(b'\n', bytes);
            let used = end.map_or(bytes.len(), |end| end + 1);
            let is_over = end.is_some() || used == 0;
            self.input.consume(used);
            if is_over {
                return Ok(());
            }
        }
    }

    /// Ends the reading with an error about the file.
    fn fail(&mut self, reason: String) -> SourceLine {
        self.state = State::Ended;
        self.refused("file", reason)
    }

    fn refused(&self, subject: &str, reason: String) -> SourceLine {
        self.found(Err((subject.to_owned(), reason)))
    }

    fn found(&self, line: Result<TransferLine, (String, String)>) -> SourceLine {
        SourceLine::new(format!("line {}", self.number), line)
    }

    /// Checks the first line. Returns the reason why the file is not read.
    fn header(line: &TransferLine) -> Result<(), String> {
        match line {
            TransferLine::Header(HeaderLine { format, .. }) if format != EXPORT_FORMAT => {
                Err(format!("the format is not {EXPORT_FORMAT}"))
            }
            TransferLine::Header(HeaderLine { version, server, .. }) if *version > EXPORT_VERSION => Err(format!(
                "rollcall {server} wrote version {version} of the format, and this one knows versions up to \
                 {EXPORT_VERSION}: import it with that version or a newer one"
            )),
            TransferLine::Header(_) => Ok(()),
            _ => Err(
                "it does not begin with the header of an export; for a dump of Rocket.Chat, use \
                 `rollcall import rocketchat`"
                    .into(),
            ),
        }
    }
}

impl<R: BufRead> Iterator for ImportFile<R> {
    type Item = SourceLine;

    fn next(&mut self) -> Option<SourceLine> {
        if self.state == State::Ended {
            return None;
        }
        let line = match self.read() {
            Ok(Some(Ok(line))) => line,
            Ok(Some(Err(reason))) if self.state == State::Within => return Some(self.refused("line", reason)),
            Ok(Some(Err(_))) => return Some(self.fail("it is not an export of rollcall".into())),
            Ok(None) if self.state == State::Begun => return Some(self.fail("the file is empty".into())),
            Ok(None) => {
                let reason = "the file is cut short: its last line is missing; the lines before it were read";
                return Some(self.fail(reason.into()));
            }
            Err(cause) => return Some(self.fail(format!("the file cannot be read: {cause}"))),
        };
        let parsed: Result<TransferLine, _> = serde_json::from_slice(&line);
        if self.state == State::Begun {
            let checked = parsed.map_err(|_| "it is not an export of rollcall".to_owned());
            return match checked.and_then(|line| Self::header(&line)) {
                Ok(()) => {
                    self.state = State::Within;
                    self.next()
                }
                Err(reason) => Some(self.fail(reason)),
            };
        }
        match parsed {
            Ok(TransferLine::End(EndLine { lines })) if lines == self.number - 1 => {
                self.state = State::Ended;
                None
            }
            Ok(TransferLine::End(_)) => {
                let reason = "the file has more or fewer lines than its last line counts; all of them were read";
                Some(self.fail(reason.into()))
            }
            Ok(line) => Some(self.found(Ok(line))),
            Err(error) => Some(self.refused("line", format!("it is not a line of an export: {error}"))),
        }
    }
}
