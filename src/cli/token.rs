//! The command `rollcall token`.

use super::args::{Revoked, TokenCommand};
use super::{Failure, ask, output};
use crate::admin_socket::{Command, CommandAnswer, TokenEntry};

pub(super) fn run(command: TokenCommand) -> Result<(), Failure> {
    let (as_json, answer) = match command {
        TokenCommand::List { user, list } => (list.json, ask(&list.folder.0, Command::ListTokens { user })?),
        TokenCommand::Revoke { folder, which } => {
            let command = match which {
                Revoked { user: Some(user), .. } => Command::RevokeTokensOf { user },
                Revoked { label: Some(label), .. } => Command::RevokeToken { label },
                Revoked {
                    user: None,
                    label: None,
                } => return Err(Failure::usage("name a token's label, or a user with --user")),
            };
            (false, ask(&folder.0, command)?)
        }
    };
    match answer {
        CommandAnswer::Tokens(tokens) => {
            let columns = [
                "LABEL",
                "USERNAME",
                "CREATED",
                "EXPIRES",
                "LAST USED",
                "ADDRESS",
                "CLIENT",
            ];
            output::list(as_json, &tokens, &columns, row)
        }
        CommandAnswer::Revoked(1) => output::print("1 login is ended"),
        CommandAnswer::Revoked(count) => output::print(&format!("{count} logins are ended")),
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
