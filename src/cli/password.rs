//! Questions to the user on the terminal: passwords and confirmations.

use std::io::{self, BufRead, IsTerminal, Write};

use super::Failure;
use crate::domain::text::escaped;

/// Reads a new password: entered twice on a terminal, else one line from standard input.
pub(super) fn new_password() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return line("a password");
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| Failure::failed(format!("cannot ask for the password: {error}")))
    };
    let password = ask("password: ")?;
    if password != ask("password again: ")? {
        return Err(Failure::failed(
            "the two passwords are not the same; nothing was changed",
        ));
    }
    Ok(password)
}

/// Asks for confirmation of an action that cannot be undone, unless `--yes` is given.
pub(super) fn confirm(yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("not asked whether to {what}: add --yes")));
    }
    let mut error = io::stderr();
    let asked = write!(error, "{}? [y/N] ", escaped(what)).and_then(|()| error.flush());
    asked.map_err(|error| Failure::failed(format!("cannot ask: {error}")))?;
    match line("an answer")?.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::failed("nothing was changed")),
    }
}

fn line(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::failed(format!("cannot read {what} from standard input: {error}")))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
