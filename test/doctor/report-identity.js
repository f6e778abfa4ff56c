/** Runs in a pod: prints the ARN that the SDK's default chain gives, or the error. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

try {
  console.log((await new STSClient({ maxAttempts: 1 }).send(new GetCallerIdentityCommand({}))).Arn);
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
