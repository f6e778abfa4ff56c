/** A profile of the SDK's configuration file, as an application has that acts as another role than its pod's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the SDK's credential chain goes by. */
interface ProfileSettings {
  readonly profile: string;
  /** Path of the configuration file. */
  readonly configFilepath: string;
}

const PROFILE = 'another-role';

/**
 * Writes a profile for a role that is assumed with the container's credentials (AWS SDKs and Tools Reference Guide, "Assume role
 * credential provider", `credential_source`), hands over where it is, and takes it away again.
 */
export async function inProfile<T>(roleArn: string, use: (settings: ProfileSettings) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    const configFilepath = join(folder, 'config');
    const lines = [
      `[profile ${PROFILE}]`,
      `role_arn = ${roleArn}`,
      'credential_source = EcsContainer',
      'role_session_name = probe',
      `region = ${process.env['AWS_REGION'] ?? 'us-east-1'}`,
    ];
    writeFileSync(configFilepath, `${lines.join('\n')}\n`);
    return await use({ profile: PROFILE, configFilepath });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
