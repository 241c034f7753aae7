/** What the engine needs of the machine it runs on. The `Host` that an entry point builds satisfies it. */
export interface Machine {
  /** The environment of this process. Child processes never inherit it: each tool has an allow-list. */
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder the person is in. */
  cwd: string;
  /** Absolute path of a folder kept between runs (tools). Created on demand. */
  cacheDir: string;
  /** Absolute path of a private folder for this run, mode 0700. */
  tempDir: string;
  cores: number;
}

/** How the engine says what it is doing while something takes long. A no-op is fine. */
export type Progress = (message: string) => void;
