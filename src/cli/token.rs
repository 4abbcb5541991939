//! `rollcall token`.

use clap::ArgMatches;

use super::{Failure, ask, output};
use crate::local::{Answer, Command, TokenEntry};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Failure::usage("name what to do with tokens"));
    };
    let user = matches.get_one::<String>("user").cloned();
    let command = match (name, user) {
        ("list", user) => Command::ListTokens { user },
        (_, Some(user)) => Command::RevokeTokensOf { user },
        (_, None) => Command::RevokeToken {
            label: matches.get_one::<String>("label").cloned().unwrap_or_default(),
        },
    };
    match ask(matches, command)? {
        Answer::Tokens(tokens) => {
            let columns = [
                "LABEL",
                "USERNAME",
                "CREATED",
                "EXPIRES",
                "LAST USED",
                "ADDRESS",
                "CLIENT",
            ];
            output::list(matches, &tokens, &columns, row)
        }
        Answer::Revoked(1) => output::print("1 login is ended"),
        Answer::Revoked(count) => output::print(&format!("{count} logins are ended")),
        _ => Err(Failure::failed("the server answered something else")),
    }
}

fn row(token: &TokenEntry) -> Vec<String> {
    vec![
        token.label.clone(),
        token.username.clone(),
        token.created_at.clone(),
        output::or_dash(token.expires_at.as_ref()),
        output::or_dash(token.last_used_at.as_ref()),
        output::or_dash(token.address.as_ref()),
        token.client.clone(),
    ]
}
