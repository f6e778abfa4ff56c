import { expect } from 'chai';
import { ApiError } from '../model/types.ts';
import { decodeProtobuf } from './decode.ts';

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function field(number: number, value: string | number | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return message(Buffer.from('k8s\0'), field(1, message(field(1, apiVersion), field(2, kind))), field(2, raw));
}

describe('protobuf bodies', () => {
  it('decode to a TokenRequest without zeros of non-pointer fields', () => {
    const metadata = message(field(1, 'app'), field(2, ''), field(8, message()));
    const ref = message(field(1, 'Pod'), field(2, 'v1'), field(3, 'p'), field(4, ''));
    const spec = message(field(1, 'a'), field(1, 'b'), field(3, ref), field(4, 600));
    const status = message(field(1, ''), field(2, message()));
    const raw = message(field(1, metadata), field(2, spec), field(3, status));
    expect(decodeProtobuf(envelope('authentication.k8s.io/v1', 'TokenRequest', raw))).to.deep.equal({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: 'app' },
      spec: {
        audiences: ['a', 'b'],
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' },
        expirationSeconds: 600,
      },
    });
  });

  it('keep an explicit zero of a pointer field', () => {
    const raw = message(field(1, 0), field(4, 'Background'));
    expect(decodeProtobuf(envelope('v1', 'DeleteOptions', raw))).to.include({ gracePeriodSeconds: 0 });
  });

  it('may contain maps, and bytes that become base64', () => {
    const entry = message(field(1, 'k'), field(2, Buffer.from([255, 0])));
    const labels = message(field(11, message(field(1, 'l'), field(2, 'v'))));
    expect(decodeProtobuf(envelope('v1', 'Secret', message(field(1, labels), field(2, entry))))).to.deep.include({
      metadata: { labels: { l: 'v' } },
      data: { k: '/wA=' },
    });
  });

  for (const [title, bytes, status] of [
    ['an unsupported kind', envelope('v1', 'Pod', field(1, 'x')), 415],
    ['an unsupported field', envelope('v1', 'ConfigMap', field(99, 'x')), 415],
    ['bytes without the prefix', Buffer.from('{"kind":"ConfigMap"}'), 400],
    ['a truncated message', envelope('v1', 'ConfigMap', field(1, 'x')).subarray(0, -1), 400],
    ['text instead of a message', envelope('v1', 'ConfigMap', field(1, '\xff')), 400],
    ['an endless varint', envelope('v1', 'ConfigMap', Buffer.alloc(12, 0xff)), 400],
  ] as const) {
    it(`are rejected with ${status}: ${title}`, () => {
      expect(() => decodeProtobuf(bytes))
        .to.throw(ApiError)
        .with.property('status', status);
    });
  }
});
