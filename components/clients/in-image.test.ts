import { expect } from 'chai';
import { inImage } from './in-image.ts';

describe('a client in an image', () => {
  it('is started with the same command in another folder', () => {
    const folder = '/kept/go-1.0-abc';
    expect(
      inImage({ label: 'go-1.0', installed: { folder, command: [`${folder}/client`, '--data', `${folder}/data`] } }),
    ).to.deep.equal({
      folder: '/clients/go-1.0',
      command: ['/clients/go-1.0/client', '--data', '/clients/go-1.0/data'],
      environment: {},
    });
  });

  it("uses the image's Node", () => {
    const installed = { folder: '/kept/js', command: [process.execPath, '/kept/js/program.mjs'] } as const;
    expect(inImage({ label: 'js', installed })?.command).to.deep.equal([
      '/usr/local/bin/node',
      '/clients/js/program.mjs',
    ]);
  });

  it("includes this machine's Python", () => {
    const installed = {
      folder: '/kept/python',
      command: ['/opt/python/bin/python3.11', '-s', '/kept/python/program/client.py'],
      runtime: { name: 'python', program: '/opt/python/bin/python3.11', home: '/opt/python' },
      environment: { PYTHONPATH: '/kept/python/packages' },
    } as const;
    expect(inImage({ label: 'python', installed })).to.deep.equal({
      folder: '/clients/python',
      command: [
        ...['/clients/runtime/lib/loader', '--library-path', '/clients/runtime/lib'],
        ...['/clients/runtime/python/bin/python3', '-s', '/clients/python/program/client.py'],
      ],
      environment: { PYTHONPATH: '/clients/python/packages', PYTHONHOME: '/clients/runtime/python' },
    });
  });

  it("includes this machine's Java", () => {
    const installed = {
      folder: '/kept/java',
      command: ['/opt/java/bin/java', '-cp', '/kept/java/classes:/kept/java/lib/*', 'Client'],
      runtime: { name: 'java', program: '/opt/java/bin/java', home: '/opt/java' },
    } as const;
    expect(inImage({ label: 'java', installed })).to.deep.equal({
      folder: '/clients/java',
      command: [
        ...['/clients/runtime/lib/loader', '--library-path', '/clients/runtime/lib'],
        ...['/clients/runtime/java/bin/java', '-cp', '/clients/java/classes:/clients/java/lib/*', 'Client'],
      ],
      environment: {},
    });
  });

  it("uses this machine's libraries if it is linked to them", () => {
    const installed = { folder: '/kept/rust', command: ['/kept/rust/client'], isLinkedDynamically: true } as const;
    expect(inImage({ label: 'rust', installed })?.command).to.deep.equal([
      ...['/clients/runtime/lib/loader', '--library-path', '/clients/runtime/lib', '/clients/rust/client'],
    ]);
  });

  it('is undefined if the probe program performs all operations', () => {
    expect(inImage({ label: 'javascript' })).to.equal(undefined);
  });
});
