import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder, PROGRAM } from './cached-folder.ts';
import { toolsFor } from './tool.ts';

export interface JavaProgram {
  /** Path of the only class, with a main method, below `clients/`. */
  readonly file: string;
  /** Returns the BOM with default versions as `group:artifact:version`. */
  readonly bom: (version: string) => string;
  /** Dependencies as `group:artifact`, with `:version` if the BOM does not set it. */
  readonly dependencies: readonly string[];
}

const FETCH = ['dependency:copy-dependencies', '-DoutputDirectory=lib', '-DincludeScope=runtime'];
/** JVM options for small pods that live for seconds. */
const OPTIONS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

export const mavenInstalled =
  ({ file, bom, dependencies }: JavaProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(
      release,
      { needs: 'a JDK of Java 17 or later, and Maven 3.8 or later', minutes: 15 },
      context,
    );
    const project = pom(bom(release.version), dependencies);
    const make = async (folder: string): Promise<void> => {
      await writeFile(join(folder, 'pom.xml'), project);
      await tool(['mvn', '-B', '-U', ...FETCH], { folder });
      const source = join(PROGRAM, basename(file));
      await tool(['javac', '--release', '17', '-cp', 'lib/*', '-d', 'classes', source], { folder });
    };
    const properties = await tool(['java', '-XshowSettings:properties', '-version'], { givesErrors: true });
    const home = /java\.home = (.+)/.exec(properties)?.[1] ?? '';
    const folder = await cachedFolder(release, { files: [file], ingredients: [project], make }, context);
    const classes = `${join(folder, 'classes')}:${join(folder, 'lib')}/*`;
    const program = join(home, 'bin', 'java');
    const runtime = { name: 'java', program, home } as const;
    return { folder, runtime, command: [program, ...OPTIONS, '-cp', classes, basename(file, '.java')] };
  };

function pom(bom: string, dependencies: readonly string[]): string {
  const managed = dependency(bom, '<type>pom</type><scope>import</scope>');
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>client</groupId><artifactId>client</artifactId><version>0</version>
<dependencyManagement><dependencies>${managed}</dependencies></dependencyManagement>
<dependencies>
${dependencies.map((coordinates) => dependency(coordinates)).join('\n')}
</dependencies>
</project>
`;
}

function dependency(coordinates: string, further = ''): string {
  const [group = '', artifact = '', version] = coordinates.split(':');
  const at = version === undefined ? '' : `<version>${version}</version>`;
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>${at}${further}</dependency>`;
}
