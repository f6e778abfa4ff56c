import { expect } from 'chai';
import { inImage } from './in-image.ts';

describe('a client in an image', () => {
  it('is started there as it is here', () => {
    const folder = '/kept/go-1.0-abc';
    expect(
      inImage({ label: 'go-1.0', installed: { folder, command: [`${folder}/client`, '--data', `${folder}/data`] } }),
    ).to.deep.equal({
      folder: '/clients/go-1.0',
      command: ['/clients/go-1.0/client', '--data', '/clients/go-1.0/data'],
      environment: {},
    });
  });

  it('has the Node of the image', () => {
    const installed = { folder: '/kept/js', command: [process.execPath, '/kept/js/program.mjs'] } as const;
    expect(inImage({ label: 'js', installed })?.command).to.deep.equal([
      '/usr/local/bin/node',
      '/clients/js/program.mjs',
    ]);
  });

  it('brings the Python of this machine', () => {
    const installed = {
      folder: '/kept/python',
      command: ['/opt/python/bin/python3.11', '-s', '/kept/python/program/client.py'],
      python: { program: '/opt/python/bin/python3.11', home: '/opt/python' },
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

  it('is none where the probe program does all', () => {
    expect(inImage({ label: 'javascript' })).to.equal(undefined);
  });
});
