import * as s3 from './s3.ts';
import { addS3 } from './sdk.ts';

addS3(s3);
export * from './sdk.ts';
