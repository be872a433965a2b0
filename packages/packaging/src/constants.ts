/** Time of every file in an archive: that of a build would make each build another one. Zip knows no time before 1980. */
export const FILE_TIME: Date = new Date(2000, 0, 1);

/** Windows opens no longer path where nobody has allowed it (`MAX_PATH`, with the end of the string). */
export const WINDOWS_PATH_CHARACTERS = 259;

/** Room for the folder that somebody unpacks a Windows archive in, such as `C:\Users\somebody\Downloads\`. */
export const WINDOWS_FOLDER_CHARACTERS = 90;

/** How hard archives are compressed: as hard as each format can. */
export const BEST_COMPRESSION = 9;

/** For archives that are unpacked at once: their size matters less than the time they take. */
export const QUICK_COMPRESSION = 1;
