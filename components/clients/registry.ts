import type { Client } from './client.ts';
import { AIOBOTOCORE } from './aiobotocore/index.ts';
import { AWS_CLI } from './aws-cli/index.ts';
import { AWSCRT } from './awscrt/index.ts';
import { DELTALAKE } from './deltalake/index.ts';
import { GO } from './go/index.ts';
import { JAVA } from './java/index.ts';
import { JAVASCRIPT_SDK } from './javascript/client.ts';
import { JAVASCRIPT } from './javascript/index.ts';
import { MINIO_GO } from './minio-go/index.ts';
import { MINIO_JAVASCRIPT } from './minio-javascript/index.ts';
import { MINIO_PYTHON } from './minio-python/index.ts';
import { OBSTORE } from './obstore/index.ts';
import { OPENDAL } from './opendal/index.ts';
import { PYARROW } from './pyarrow/index.ts';
import { PYTHON } from './python/index.ts';
import { RAW } from './raw/index.ts';
import { RUST } from './rust/index.ts';
import type { WorkloadProgram } from './workload-program.ts';

/** Programs that can run the probes of a run. The first is the default. */
export const WORKLOAD_PROGRAMS: readonly [WorkloadProgram, ...WorkloadProgram[]] = [JAVASCRIPT];

export const CLIENTS: readonly Client[] = [
  JAVASCRIPT_SDK,
  PYTHON,
  GO,
  AIOBOTOCORE,
  AWS_CLI,
  JAVA,
  RUST,
  PYARROW,
  AWSCRT,
  OBSTORE,
  DELTALAKE,
  OPENDAL,
  MINIO_PYTHON,
  MINIO_GO,
  MINIO_JAVASCRIPT,
  RAW,
];
