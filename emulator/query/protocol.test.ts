import { expect } from 'chai';
import { QueryParameters } from './parameters.ts';
import { renderXml, timestamp } from './xml.ts';

const parametersOf = (body: string, query = '') => QueryParameters.of({ body: Buffer.from(body), query });

describe('the query protocol', () => {
  it('reads lists and structures in the order of their numbers', () => {
    const parameters = parametersOf('Tags.member.10.Key=j&Tags.member.2.Key=b&Tags.member.2.Value=x&Ids.member.1=one');
    expect(parameters.structures('Tags')?.map((tag) => tag.text('Key'))).to.deep.equal(['b', 'j']);
    expect(parameters.texts('Ids')).to.deep.equal(['one']);
    expect(parameters.texts('Absent')).to.equal(undefined);
  });

  it('prefers the body to the query string, and the first of repeated parameters', () => {
    const parameters = parametersOf('A=body&A=again', 'A=query&B=query');
    expect([parameters.text('A'), parameters.text('B')]).to.deep.equal(['body', 'query']);
  });

  const broken: readonly [string, () => unknown, RegExp][] = [
    ['a missing parameter', () => parametersOf('').required('RoleName'), /Value null at 'roleName'.*must not be null/],
    ['an invalid number', () => parametersOf('N=four').integer('N'), /must be an integer/],
    ['an invalid boolean', () => parametersOf('N=maybe').boolean('N'), /must be true or false/],
    [
      'a missing member in a list',
      () => parametersOf('Tags.member.1.Value=').structures('Tags')?.[0]?.required('Key'),
      /at 'tags\.1\.member\.key'/,
    ],
  ];
  for (const [name, read, message] of broken) it(`rejects ${name}`, () => expect(read).to.throw(message));

  it('writes structures, lists and escaped characters', () => {
    const xml = renderXml({ A: { B: 'x < "y" & z\r\n\u0000' }, C: [1, true], D: undefined, E: [] });
    expect(xml).to.equal(
      '<A><B>x &lt; &quot;y&quot; &amp; z&#xD;\n\ufffd</B></A><C><member>1</member><member>true</member></C><E></E>',
    );
    expect(timestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).to.equal('2026-01-02T03:04:05Z');
  });
});
