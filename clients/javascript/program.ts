/** The program of the AWS SDK for JavaScript at another version than the one that is built in (foundation/client-protocol.ts). */
import * as s3 from '../../components/probe/s3.ts';
import { addS3, answer } from '../../components/probe/sdk.ts';
import { serveClient } from '../../foundation/serve-client.ts';

addS3(s3);
await serveClient(answer);
