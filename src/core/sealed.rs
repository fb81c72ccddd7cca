//! What must not compile: showing, writing, copying or reading any type that holds a secret (safety rule 2).
//!
//! Only there while documentation tests run. Knows the types by name, and nothing of what they do.

/// For each type one example that compiles, so that the others fail for what they try and not for how they name it.
macro_rules! sealed {
    ($($name:ident: $path:literal,)*) => { $(
        #[doc = concat!("```\nfn named(value: &d365_connect::", $path, ") { let _ = value; }\n```\n")]
        #[doc = "Shown by `Display`, as `println!` and `to_string` do:\n"]
        #[doc = concat!("```compile_fail\nfn shown(value: &d365_connect::", $path, ") { println!(\"{value}\"); }\n```\n")]
        #[doc = "Written by `Serialize`:\n"]
        #[doc = concat!(
            "```compile_fail\nfn written(value: &d365_connect::", $path,
            ") { let _ = serde_json::to_string(value); }\n```\n"
        )]
        #[doc = "Copied by `Clone`:\n"]
        #[doc = concat!(
            "```compile_fail\nfn copied(value: &d365_connect::", $path, ") -> d365_connect::", $path,
            " { value.clone() }\n```\n"
        )]
        #[doc = "Taken for a text:\n"]
        #[doc = concat!(
            "```compile_fail\nfn read(value: &d365_connect::", $path, ") -> &str { value.as_ref() }\n```\n"
        )]
        mod $name {}
    )* }
}

sealed! {
    client_secret: "core::secret::ClientSecret",
    access_token: "core::secret::AccessToken",
    secret_buffer: "core::secret::SecretBuffer",
    private_key: "core::credential::PrivateKey",
    certificate: "core::credential::Certificate",
    paste: "app::key::Paste",
}
