//! clap's builder.

use clap::{Arg, ArgAction, Command, value_parser};

crate::pairs! {
    fn command() -> Command {
        Command::new("tool")
            .arg(Arg::new("count").short('n').long("count").value_parser(value_parser!(u32).range(1..100)).default_value("3"))
            .arg(Arg::new("loud").long("loud").action(ArgAction::SetTrue))
            .arg(Arg::new("files").num_args(0..))
            .subcommand(Command::new("add").arg(Arg::new("name").required(true)).arg(Arg::new("tag").long("tag").action(ArgAction::Append)))
    }
    with ();

    fn parse(args: &[&str]) -> Result<(u32, bool, Vec<String>), String> {
        let matches = command().try_get_matches_from(args).map_err(|e| e.kind().to_string())?;
        let count = *matches.get_one::<u32>("count").expect("a default");
        let files = matches.get_many::<String>("files").unwrap_or_default().cloned().collect();
        Ok((count, matches.get_flag("loud"), files))
    }
    with (&["tool", "-n", "5", "a", "b"]), (&["tool", "--loud"]), (&["tool", "-n", "0"]), (&["tool", "--what"]);

    fn run(args: &[&str]) -> String {
        let Ok(matches) = command().try_get_matches_from(args) else { return "usage".to_string() };
        match matches.subcommand() {
            Some(("add", sub)) => {
                let name = sub.get_one::<String>("name").map(String::as_str).unwrap_or("?");
                let tags: Vec<&str> = sub.get_many::<String>("tag").into_iter().flatten().map(|t| t.as_str()).collect();
                format!("add {name} {tags:?}")
            }
            Some((other, _)) => unreachable!("{other}"),
            None if matches.get_flag("loud") => "LOUD".into(),
            None => String::from("nothing"),
        }
    }
    with (&["tool", "add", "x", "--tag", "a", "--tag=b"]), (&["tool", "add"]), (&["tool", "--loud"]), (&["tool"]);

    fn help() -> usize { command().render_help().to_string().lines().filter(|l| l.contains("--")).count() }
    with ();
}
