import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder } from './cached-folder.ts';
import { contentsOf, copyPrograms } from './program-files.ts';
import { runTool } from './tool.ts';

export interface JavaProgram {
  /** Below `clients/`: the one class, which has a main method. */
  readonly file: string;
  /** Whose versions those without one have, as `group:artifact:version`. */
  readonly bom: (version: string) => string;
  /** As `group:artifact`, with `:version` where the BOM does not say it. */
  readonly dependencies: readonly string[];
}

const NEEDS = 'a JDK of Java 17 or later, and Maven 3.8 or later';

/** Fetches a client's dependencies with Maven, and compiles its program. */
export const mavenInstalled =
  ({ file, bom, dependencies }: JavaProgram): Client['install'] =>
  async ({ name, version }, context) => {
    const project = pom(bom(version), dependencies);
    const whose = `${name} ${version}`;
    const folder = await cachedFolder(
      {
        ...{ name, version },
        ingredients: [project, ...contentsOf([file])],
        make: async (part) => {
          await copyPrograms([file], part);
          await writeFile(join(part, 'pom.xml'), project);
          const tool = (command: readonly [string, ...string[]]): Promise<string> =>
            runTool({ whose, command, needs: NEEDS, folder: part }, context);
          await tool([
            'mvn',
            '-q',
            '-B',
            'dependency:copy-dependencies',
            '-DoutputDirectory=lib',
            '-DincludeScope=runtime',
          ]);
          await tool(['javac', '--release', '17', '-cp', 'lib/*', '-d', 'classes', basename(file)]);
        },
      },
      context,
    );
    // Pods are small, and live for seconds.
    const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
    const classes = `${join(folder, 'classes')}:${join(folder, 'lib')}/*`;
    return { folder, command: ['java', ...options, '-cp', classes, basename(file, '.java')] };
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
