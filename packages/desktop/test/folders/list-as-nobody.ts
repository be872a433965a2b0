import { join } from "node:path";
import { listFolder } from "../../shell/folders/list-folder.ts";

const [, , path = ""] = process.argv;
const listing = await listFolder(path);
const closed = await listFolder(join(path, "closed")).catch((error: unknown) => error);
process.stdout.write(JSON.stringify({ listing, closed }));
