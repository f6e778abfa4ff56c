import type { ExpectedResult } from '../../../foundation/protocols/probe-protocol.ts';
import { OBJECT_OPERATIONS, type Client, type ClientDifference } from '../client.ts';
import { pipObjectsInstalled } from '../install/pip.ts';

/** Scenarios about renewals use credentials that expire in seconds. OpenDAL fetches them, but rejects them. */
const tooShort = (scenario: string, facts: ExpectedResult['facts'], probe = 2): ClientDifference => ({
  scenario,
  probe,
  expected: {
    outcome: 'refused',
    by: 'client',
    code: 'Unexpected',
    facts: { ...facts, expired: 0, signed: 'nothing' },
  },
  reason: 'reqsign rejects credentials that expire within ten seconds',
  source: 'reqsign-core, Signer::sign: a refreshed credential has to satisfy the operation deadline',
});

/** Apache OpenDAL for Python, which signs with Rust's reqsign: opendal 0.47.12 includes reqsign-aws-v4 3.3.1. */
export const OPENDAL: Client = {
  name: 'opendal',
  title: 'Apache OpenDAL (reqsign of Rust)',
  versions: { newest: '0.47.12' },
  operations: OBJECT_OPERATIONS,
  chain: 'own',
  stsOfAwsAlone: true,
  differences: [
    tooShort('CL-22', { 'credentials.tokens': 'first,second', 'credentials.lastToken': 'second' }),
    tooShort('CL-23', { 'credentials.requests': { between: [3, 30] } }),
    tooShort('CL-61', { 'sts.tokens': 'first,second', 'sts.lastToken': 'second' }, 1),
  ],
  documentation: new URL('https://opendal.apache.org/services/s3'),
  install: pipObjectsInstalled('opendal'),
};
