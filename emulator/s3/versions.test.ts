import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { testS3, type TestAnswer, type TestS3 } from '../../test/support/emulator/s3.ts';
import { testSession } from '../../test/support/emulator/session.ts';

const OTHER_ID = '3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH';

describe('object versions', () => {
  let s3: TestS3;
  /** The ids of the versions of `key`, oldest first. */
  let ids: string[];

  const call = (method: string, target: string, body = '', headers = {}): Promise<TestAnswer> =>
    s3.call(s3.root, method, target, { body, headers });
  const outcome = ({ status, code = '' }: TestAnswer): string => `${status} ${code}`.trimEnd();
  const versioning = (status: string) =>
    call('PUT', '/data?versioning', `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`);
  const idOf = ({ headers }: TestAnswer): string => headers['x-amz-version-id'] ?? 'none';

  beforeEach(async () => {
    s3 = testS3();
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await call('PUT', '/data', `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    await versioning('Enabled');
    ids = [];
    for (const body of ['first', 'second']) ids.push(idOf(await call('PUT', '/data/key', body)));
  });

  it('can be read, deleted and tagged by id', async () => {
    const [first = '', second = ''] = ids;
    expect((await call('GET', '/data/key')).body).to.equal('second');
    expect((await call('GET', `/data/key?versionId=${first}`)).body).to.equal('first');
    const tags = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';
    expect(idOf(await call('PUT', `/data/key?tagging&versionId=${first}`, tags))).to.equal(first);
    expect((await call('GET', '/data/key?tagging')).body).not.to.contain('<Key>a');
    expect((await call('GET', `/data/key?tagging&versionId=${first}`)).body).to.contain('<Key>a');
    expect(outcome(await call('DELETE', `/data/key?versionId=${second}`))).to.equal('204');
    expect((await call('GET', '/data/key')).body).to.equal('first');
  });

  it('are hidden by a delete marker', async () => {
    const marker = await call('DELETE', '/data/key');
    expect(marker.headers).to.include({ 'x-amz-delete-marker': 'true' });
    const gone = await call('GET', '/data/key');
    expect([outcome(gone), gone.headers['x-amz-delete-marker']]).to.deep.equal(['404 NoSuchKey', 'true']);
    expect(outcome(await call('GET', `/data/key?versionId=${idOf(marker)}`))).to.equal('405 MethodNotAllowed');
    expect(outcome(await call('GET', '/data/key?tagging'))).to.equal('405 MethodNotAllowed');
    expect((await call('GET', '/data?list-type=2')).body).to.contain('<KeyCount>0<');
    expect(outcome(await call('DELETE', '/data'))).to.equal('409 BucketNotEmpty');
    const removed = await call('DELETE', `/data/key?versionId=${idOf(marker)}`);
    expect(removed.headers).to.include({ 'x-amz-delete-marker': 'true' });
    expect((await call('GET', '/data/key')).body).to.equal('second');
  });

  it('have valid ids only in versioned buckets', async () => {
    expect(outcome(await call('GET', '/data/key?versionId=1'))).to.equal('400 InvalidArgument');
    expect(outcome(await call('GET', `/data/key?versionId=${OTHER_ID}`))).to.equal('404 NoSuchVersion');
    const location = '<LocationConstraint>us-west-2</LocationConstraint>';
    await call('PUT', '/plain', `<CreateBucketConfiguration>${location}</CreateBucketConfiguration>`);
    expect(idOf(await call('PUT', '/plain/key', 'x'))).to.equal('none');
    expect(outcome(await call('GET', `/plain/key?versionId=${OTHER_ID}`))).to.equal('400 InvalidArgument');
    expect(outcome(await call('GET', '/plain/key?versionId=null'))).to.equal('200');
    expect(outcome(await versioning('enabled'))).to.equal('400 MalformedXML');
  });

  it('cannot be copied if they are delete markers, which only readers learn', async () => {
    const id = idOf(await call('DELETE', '/data/key'));
    const headers = { 'x-amz-copy-source': `data/key?versionId=${id}` };
    expect(outcome(await call('PUT', '/data/copy', '', headers))).to.equal('400 InvalidRequest');
    const Resource = 'arn:aws:s3:::data/*';
    const { session } = testSession(s3.world, { allow: [{ Effect: 'Allow', Action: 's3:PutObject', Resource }] });
    expect(outcome(await s3.call(session, 'PUT', '/data/copy', { headers }))).to.equal('403 AccessDenied');
  });

  it('have the id null while versioning is suspended', async () => {
    await versioning('Suspended');
    for (const body of ['third', 'fourth']) await call('PUT', '/data/key', body);
    expect((await call('GET', '/data/key?versionId=null')).body).to.equal('fourth');
    const list = await call('GET', '/data?versions');
    expect(list.body.match(/<Version>/g)).to.have.length(3);
    expect(list.body).to.contain('<VersionId>null</VersionId><IsLatest>true');
  });

  it('can be listed in pages, newest first', async () => {
    await call('PUT', '/data/other', 'x');
    const page = (await call('GET', '/data?versions&max-keys=1')).body;
    expect(page).to.contain(`<VersionId>${ids[1]}</VersionId><IsLatest>true`).and.contain('<IsTruncated>true');
    const next = (await call('GET', `/data?versions&max-keys=1&key-marker=key&version-id-marker=${ids[1]}`)).body;
    expect(next).to.contain(`<VersionId>${ids[0]}</VersionId><IsLatest>false`);
    expect((await call('GET', '/data?versions&key-marker=key')).body.match(/<Key>[^<]*/g)).to.deep.equal([
      '<Key>other',
    ]);
    expect(outcome(await call('GET', `/data?versions&version-id-marker=${OTHER_ID}`))).to.equal('400 InvalidArgument');
  });

  it('are listed after a marker that was deleted meanwhile', async () => {
    for (const body of ['third', 'fourth', 'fifth']) await call('PUT', '/data/key', body);
    const idsOf = (body: string) => [...body.matchAll(/<VersionId>([^<]+)/g)].map(([, id]) => id);
    const all = idsOf((await call('GET', '/data?versions')).body);
    for (const id of [all[1], all[2]]) await call('DELETE', `/data/key?versionId=${id}`);
    for (const marker of [all[1], all[2]]) {
      const page = (await call('GET', `/data?versions&key-marker=key&version-id-marker=${marker}`)).body;
      expect(idsOf(page)).to.deep.equal([marker, ...all.slice(3)].filter((id) => page.includes(`<VersionId>${id}<`)));
      expect(idsOf(page).slice(-2)).to.deep.equal(all.slice(3));
    }
  });

  it('cannot be deleted in a list if no such version exists', async () => {
    const body = `<Delete><Object><Key>key</Key><VersionId>${OTHER_ID}</VersionId></Object></Delete>`;
    const answer = await call('POST', '/data?delete', body, {
      'content-md5': createHash('md5').update(body).digest('base64'),
    });
    expect(answer.body).to.contain('<Code>NoSuchVersion</Code>').and.not.contain('<Deleted>');
  });

  it('can be deleted in a list again', async () => {
    const { headers } = await call('PUT', '/data/repeated', 'text');
    const id = String(headers['x-amz-version-id']);
    const body = `<Delete><Object><Key>repeated</Key><VersionId>${id}</VersionId></Object></Delete>`;
    const md5 = { 'content-md5': createHash('md5').update(body).digest('base64') };
    for (const time of ['first', 'second']) {
      const answer = await call('POST', '/data?delete', body, md5);
      expect(answer.body, time).to.contain(`<Deleted><Key>repeated</Key><VersionId>${id}</VersionId>`);
      expect(answer.body, time).not.to.contain('<Error>');
    }
  });

  for (const url of ['http://localhost:4566/data/key', 'https://data.s3.us-west-2.amazonaws.com/key'])
    it(`can be copied from the URL ${url}`, async () => {
      const copy = await call('PUT', '/data/from-url', '', { 'x-amz-copy-source': url });
      expect(copy.status, copy.body).to.equal(200);
      const other = await call('PUT', '/data/from-url', '', { 'x-amz-copy-source': url.replace('key', 'none') });
      expect(outcome(other)).to.equal('404 NoSuchKey');
    });

  it('can be copied', async () => {
    const copy = await call('PUT', '/data/copy', '', { 'x-amz-copy-source': `data/key?versionId=${ids[0]}` });
    expect(copy.headers).to.include({ 'x-amz-copy-source-version-id': ids[0] });
    expect((await call('GET', '/data/copy')).body).to.equal('first');
    const marker = idOf(await call('DELETE', '/data/key'));
    const deleted = await call('PUT', '/data/copy', '', { 'x-amz-copy-source': `data/key?versionId=${marker}` });
    expect(outcome(deleted)).to.equal('400 InvalidRequest');
  });

  describe('need their own permissions:', () => {
    const ofFirst = { StringEquals: { 's3:VersionId': 'FIRST' } };
    const cases: readonly (readonly [action: string, call: string, outcome: string, condition?: object])[] = [
      ['s3:GetObject', 'GET /data/key', '200'],
      ['s3:GetObject', 'GET /data/key?versionId=FIRST', '403 AccessDenied'],
      ['s3:GetObjectVersion', 'GET /data/key', '403 AccessDenied'],
      ['s3:GetObjectVersion', 'GET /data/key?versionId=FIRST', '200'],
      ['s3:GetObjectVersion', 'HEAD /data/key?versionId=FIRST', '200'],
      ['s3:GetObjectVersion', 'GET /data/key?versionId=FIRST', '200', ofFirst],
      ['s3:GetObjectVersion', 'GET /data/key?versionId=SECOND', '403 AccessDenied', ofFirst],
      ['s3:DeleteObject', 'DELETE /data/key', '204'],
      ['s3:DeleteObject', 'DELETE /data/key?versionId=FIRST', '403 AccessDenied'],
      ['s3:DeleteObjectVersion', 'DELETE /data/key?versionId=FIRST', '204'],
      ['s3:GetObjectTagging', 'GET /data/key?tagging&versionId=FIRST', '403 AccessDenied'],
      ['s3:GetObjectVersionTagging', 'GET /data/key?tagging&versionId=FIRST', '200'],
      ['s3:DeleteObjectVersionTagging', 'DELETE /data/key?tagging&versionId=FIRST', '204'],
      ['s3:ListBucket', 'GET /data?versions', '403 AccessDenied'],
      ['s3:ListBucketVersions', 'GET /data?versions', '200'],
      ['s3:GetObjectVersion', `GET /data/key?versionId=${OTHER_ID}`, '403 AccessDenied'],
      ['s3:*Version*', `GET /data/key?versionId=${OTHER_ID}`, '404 NoSuchVersion'],
      ['s3:GetObject', 'GET /data/key?attributes', '403 AccessDenied'],
      ['s3:GetObjectAttributes', 'GET /data/key?attributes', '403 AccessDenied'],
      ['s3:GetObject*', 'GET /data/key?attributes', '200'],
      ['s3:GetObjectVersion*', 'GET /data/key?attributes&versionId=FIRST', '200'],
    ];
    for (const [action, asked, expected, condition] of cases) {
      const limited = condition === undefined ? '' : ', of the first version';
      it(`${asked.replace(OTHER_ID, 'OTHER')} with ${action}${limited}: ${expected}`, async () => {
        const statement = JSON.stringify({ Effect: 'Allow', Action: action, Resource: '*', Condition: condition });
        const allow = [JSON.parse(statement.replace('FIRST', ids[0] ?? '')) as object];
        const { session } = testSession(s3.world, { allow });
        const [method = '', target = ''] = asked
          .replace('FIRST', ids[0] ?? '')
          .replace('SECOND', ids[1] ?? '')
          .split(' ');
        const headers = { 'x-amz-object-attributes': 'ETag,Checksum,ObjectSize,StorageClass' };
        expect(outcome(await s3.call(session, method, target, { headers }))).to.equal(expected);
      });
    }
  });

  it('have attributes', async () => {
    const headers = { 'x-amz-object-attributes': 'ETag,ObjectSize' };
    const { body } = await call('GET', `/data/key?attributes&versionId=${ids[0]}`, '', headers);
    expect(body).to.contain('<ETag>8b04d5e3775d298e78455efc5ca404d5</ETag><ObjectSize>5</ObjectSize></Get');
  });
});
