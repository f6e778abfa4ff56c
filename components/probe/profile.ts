import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface ProfileSettings {
  readonly profile: string;
  readonly configFilepath: string;
}

const PROFILE = 'another-role';

/**
 * Writes a profile that assumes a role with the container's credentials (AWS SDKs and Tools Reference Guide, "Assume role
 * credential provider", `credential_source`). Removes it after use.
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
