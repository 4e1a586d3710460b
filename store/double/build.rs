//! Makes Rust of the protocol, without `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "server")]
    {
        println!("cargo:rerun-if-changed=proto");
        let files = ["streams.proto", "gossip.proto", "serverfeatures.proto"];
        tonic_build::configure().build_client(false).compile_fds(protox::compile(files, ["proto"])?)?;
    }
    Ok(())
}
