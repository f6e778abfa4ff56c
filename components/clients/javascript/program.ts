/** Runs another version of the AWS SDK for JavaScript as a client (foundation/protocols/client-protocol.ts). */
import * as s3 from '../../probe/s3.ts';
import { addS3, answer } from '../../probe/sdk.ts';
import { serveClient } from '../../../foundation/protocols/serve-client.ts';

addS3(s3);
await serveClient(answer);
