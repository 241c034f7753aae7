import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ToolError } from "@gitops-actions/report";
import { extract } from "tar-stream";

const maxUnpackedBytes = 1024 * 1024 * 1024;

/**
 * Writes one regular file of a .tar.gz to `target`. No name in the archive ever becomes a path: nothing but the
 * wanted member is written. An archive with a name that points outside is refused all the same.
 */
export async function unpackMember(archive: string, member: string, target: string): Promise<void> {
  let found = false;
  const tar = extract();
  tar.on("entry", (header, stream, next) => {
    if (leavesFolder(header.name) || (header.linkname && leavesFolder(header.linkname))) {
      next(
        new ToolError(
          "archive",
          `${archive} was refused: its entry ${JSON.stringify(header.name)} points outside the archive.`,
        ),
      );
      return;
    }
    const wanted = !found && header.type === "file" && header.name.replace(/^\.\//, "") === member;
    if (!wanted) {
      stream.resume();
      stream.once("end", next);
      return;
    }
    found = true;
    pipeline(stream, createWriteStream(target)).then(() => next(), next);
  });
  await pipeline(createReadStream(archive), createGunzip(), cap(archive), tar).catch((error: unknown) => {
    if (error instanceof ToolError || (error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    throw new ToolError("archive", `${archive} cannot be unpacked: ${(error as Error).message}`, {
      cause: error,
    });
  });
  if (!found) throw new ToolError("archive", `${archive} holds no file ${member}.`);
}

/** Whether a name in an archive, taken as a path, could end up outside the folder it is unpacked into. */
export function leavesFolder(name: string): boolean {
  return name.startsWith("/") || name.includes("\\") || name.split("/").includes("..");
}

function cap(archive: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxUnpackedBytes)
        done(new ToolError("archive", `${archive} was refused: it unpacks to more than 1 GiB.`));
      else done(null, chunk);
    },
  });
}
