import { fetchFromContainer, hasContainerSettings } from './container.ts';
import type { Credentials } from './credentials.ts';
import { Failure } from './failure.ts';
import { fetchFromInstanceMetadata, usesInstanceMetadata } from './instance-metadata.ts';
import { fetchByWebIdentity, hasWebIdentity } from './sts.ts';

/**
 * Fetches credentials from the first configured source (AWS SDKs and Tools Reference Guide, "Understand the credential
 * provider chain"). Does not fall back to another source, which would be another identity.
 */
export async function chain(process: NodeJS.Process): Promise<Credentials> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY)
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    };
  if (hasWebIdentity(process)) return fetchByWebIdentity();
  if (hasContainerSettings(process)) return fetchFromContainer();
  if (usesInstanceMetadata(process)) return fetchFromInstanceMetadata();
  throw new Failure('NoCredentials', 'the environment has no credentials settings');
}
