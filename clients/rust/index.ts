import { IDENTITY_AND_OBJECT_OPERATIONS, type Client } from '../client.ts';
import { cargoInstalled } from '../install/cargo.ts';

/** AWS SDK for Rust; its version is that of the crate `aws-config`, where the credential chain is. */
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
      `aws-config = "=${version}"`,
      'aws-sdk-s3 = "=1.157.0"',
      'aws-sdk-sts = "=1.124.0"',
      'serde_json = "=1.0.154"',
      'tokio = { version = "=1.54.1", features = ["rt-multi-thread", "macros", "sync"] }',
    ],
  }),
};
