import { IDENTITY_AND_OBJECT_OPERATIONS, type Client } from '../client.ts';
import { cargoInstalled } from '../install/cargo.ts';

/** Returns a dependency without multi-region signing, browser login and the old HTTP client, which halves compilation. */
const sdk = (name: string, version: string): string =>
  `${name} = { version = "=${version}", default-features = false, features = ["default-https-client", "rt-tokio"] }`;

/** AWS SDK for Rust. Its version is that of the crate `aws-config`, which contains the credential chain. */
export const RUST: Client = {
  name: 'rust',
  title: 'AWS SDK for Rust',
  versions: { newest: '1.13.0' },
  operations: IDENTITY_AND_OBJECT_OPERATIONS,
  chain: 'sdk',
  documentation: new URL('https://docs.aws.amazon.com/sdk-for-rust/latest/dg/credproviders.html'),
  install: cargoInstalled({
    file: 'rust/main.rs',
    dependencies: (version) => [
      sdk('aws-config', version),
      sdk('aws-sdk-s3', '1.157.0'),
      sdk('aws-sdk-sts', '1.124.0'),
      'serde_json = "=1.0.154"',
      'tokio = { version = "=1.54.1", features = ["rt-multi-thread", "macros", "sync"] }',
    ],
  }),
};
