# SPDX-License-Identifier: BSD-3-Clause
"""Files of other formats are called by their name, with the command that converts them; text that begins like one of them is text.
The first bytes are those of the formats' descriptions or of Python's own writers."""

import gzip
import io
import json
import os
import pickle
import shlex
import sqlite3
import struct
import subprocess
import sys
import tarfile
import unittest
import zipfile

import h5py
import numpy

import harness

TABLE = [{"a": 1.5, "b": 2}, {"a": 3.5, "b": 4}]


def archive(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, "x" * 100)
    return file.getvalue()


def matlab_4(order):
    return struct.pack(order + "5i", 0 if order == "<" else 1000, 2, 1, 0, 2) + b"x\0" + struct.pack(order + "2d", 1.5, 2.5)


MARKS = {
    "Parquet": b"PAR1\x15\x04\x15" + bytes(20),
    "Arrow": b"ARROW1\0\0\xff\xff\xff\xff",
    r"Arrow \(Feather": b"FEA1\0\0\0\0" + bytes(20),
    "ORC": b"ORC\x0a\x0b\0",
    "Avro": b"Obj\x01\x04\x14avro.codec\x08null",
    "netCDF": b"CDF\x02\0\0\0\0",
    "HDF4": b"\x0e\x03\x13\x01\0\xc8",
    "GRIB": b"GRIB\0\0\0\x02" + bytes(20),
    "MATLAB file of version 5": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + b" " * 80 + b"\0\x01IM",
    "MATLAB file of version 4": matlab_4("<"),
    "file of version 4": matlab_4(">"),
    "SAS file": bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011") + bytes(20),
    "SAS transport": b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000000000000000000000000000  ",
    "Stata": b"<stata_dta><header><release>118</release>",
    "a Stata": b"\x72\x02\x01\0\x02\0" + bytes(20),
    "SPSS": b"$FL2@(#) SPSS DATA FILE",
    "ROOT": b"root\0\0\xf3\xe8\0\0\0\x64",
    "LAS": b"LASF\0\0\0\0" + bytes(90),
    "NIfTI": b"\x5c\x01\0\0" + bytes(340) + b"n+1\0",
    "WAV": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0",
    "xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(20),
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "TIFF": b"II*\0\x08\0\0\0",
    "PDF": b"%PDF-1.7\n%\xe2\xe3",
    "lz4": bytes.fromhex("04224d18") + b"\x64\x40\xa7",
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04",
    "by Microsoft|UTF-16": "a,b\n1,2\n".encode("utf-16"),
    "UTF-16.*UTF-16LE": "a,b\n1,2\n".encode("utf-16-le"),
    "UTF-16.*UTF-16BE": "a,b\n1,2\n".encode("utf-16-be"),
    "UTF-32": "a,b\n1,2\n".encode("utf-32"),
    "RDS": b"X\n\0\0\0\x03\0\4\3\1" + bytes(20),
    "R object": b"A\n3\n262657\n197888\n5\nUTF-8\n14\n2\n1.5\n",
    "RData": b"RDX3\nX\n\0\0\0\x03",
    "ARFF": b"% a comment\n@RELATION iris\n\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n",
    "libsvm": b"+1 1:0.5 3:-2e-3\n-1 2:1\n",
    "Matrix Market": b"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 0.5\n",
    "JSON file": json.dumps(TABLE).encode(),
    "JSON lines": b'{"a": 1}\n{"a": 2}\n',
    "XML": b'<?xml version="1.0"?>\n<rows></rows>\n',
    "VOTable": b'<?xml version="1.0"?>\n<VOTABLE version="1.4">\n',
    "web page": b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n",
    "a web page": b"<table border=\"1\" class=\"dataframe\">\n",
    "web page .*convert its first table": b"<TR><TH>x</TH>\n<TH>y</TH>\n</TR>\n",
    "SQL": b"--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nCOPY p (x) FROM stdin;\n1\n\\.\n",
    "of SQL": b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
    "file of SQL": b'INSERT INTO "p"(x,y) VALUES(1.5,2);\n',
    "IPAC": b"\\fixlen = T\n|   x    |   y    |\n| double | double |\n|        |        |\n  1.5      2.5    \n",
    "as NumPy prints it": b"[[1.5 2.5]\n [3.5 4.5]]\n",
    "array as NumPy prints": b"[[ 1.5e+00 2.5e-01\n   3.5e+00]\n [ 4.5 2 1]]\n",
    "of Octave, one number a line": b"# Created by Octave 7.3.0, Mon Jan 05 10:00:00 2026 UTC <me@here>\n# name: I\n"
                                    b"# type: int32 matrix\n# ndims: 2\n 2 2\n 1\n 2\n 3\n 4\n",
    "VTK": b"# vtk DataFile Version 3.0\nx\nASCII\n",
    "PLY": b"ply\nformat ascii 1.0\nelement vertex 1\n",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
    "Excel workbook": archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
    "OpenDocument": archive("mimetype", "content.xml"),
    "PyTorch": archive("archive/data.pkl", "archive/data/0"),
    "a ZIP archive; .*unzip -p": archive("points.csv"),
    "Python pickle": pickle.dumps(TABLE, 2),
    "a Python pickle": pickle.dumps(TABLE),
}

TEXTS = {  # which are tables
    "root": "root,stem\n1,2\n3,4\n",
    "orc": "ORC,PAR1\n1,2\n3,4\n",
    "one column of A": "A\n3\n262657\n4\n",
    "ply": "ply\n1\n2\n",
    "missing": "<NA>,1\n2,3\n",
    "bars": "|x|y|\n|1|2|\n|3|4|\n",
    "sets": "Set Number;y\n1;2\n3;4\n",
    "Octave": "# Created by Octave 7.3.0\n# name: X\n# type: matrix\n# rows: 2\n# columns: 2\n 1 2\n 3 4\n",
    "percent": "a%,b\n1,2\n3,4\n",
}


class Foreign(harness.Case):
    def put(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def refuse(self, pattern, path, **options):
        run = self.fail_with(65, pattern, "convert", path, self.path("out.h5"), **options)
        line, = harness.own_lines(run.stderr)
        self.assertTrue(line.isprintable(), line)
        return line

    def command(self, pattern, path):
        """The command in the message, as the words of a shell."""
        return shlex.split(self.refuse(pattern, path).split(": ")[-1])

    def test_marks(self):
        for what, content in MARKS.items():
            with self.subTest(what):
                self.refuse(what, self.put("file", content))

    def test_tables(self):
        for what, text in TEXTS.items():
            with self.subTest(what):
                self.succeed("convert", self.write("table", text), self.path("out.h5"), "--missing", "drop")

    def test_compressed(self):
        """R compresses what it writes; others are to be unpacked before their command takes them."""
        self.refuse("is an R object.*compressed; convert it: Rscript .* '[^']*x.rds' '[^']*x.rds.csv'$",
                    self.put("x.rds", gzip.compress(MARKS["RDS"])))
        self.refuse("Parquet file, compressed; unpack it, then convert it: python3 .* '[^']*/x' '[^']*/x.csv'$",
                    self.put("x.gz", gzip.compress(MARKS["Parquet"])), ranks=2)
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            tar.add(self.write("in.csv", "1,2\n"), "in.csv")
        self.refuse("tar archive.*tar -xf '[^']*x.tgz'$", self.put("x.tgz", file.getvalue()))
        self.refuse("standard input: is a Parquet file; .* FILE FILE.csv$", "-",
                    input=MARKS["GRIB"].decode("ascii").replace("GRIB", "PAR1"))

    def test_names_as_words(self):
        """The command is right in a shell whatever the file is called."""
        for name in ("it's.npz", "a b$HOME.npz", "plain.npz"):
            numpy.savez(self.path(name), x=numpy.arange(6.0).reshape(3, 2))
            words = self.command("NumPy's archive", self.path(name))
            self.assertEqual(words[-2:], [self.path(name), self.path(name) + ".npy"])
        numpy.savez(self.path("-x.npz"), x=numpy.arange(3))
        run = harness.gmmpi("convert", "--", "-x.npz", "out.h5", cwd=self.folder)
        self.assertIn(" ./-x.npz ./-x.npz.npy", run.stderr)

    def test_commands_that_need_nothing_else(self):
        points = numpy.arange(6.0).reshape(3, 2)
        numpy.savez(self.path("x.npz"), x=points)
        words = self.command("NumPy's archive", self.path("x.npz"))
        subprocess.run([sys.executable, *words[1:]], check=True)
        self.succeed("convert", words[-1], self.path("x.h5"))
        with h5py.File(self.path("x.h5")) as file:
            numpy.testing.assert_array_equal(file["points"][:], points)
        base = sqlite3.connect(self.path("x.db"))
        base.execute("CREATE TABLE t (a REAL)")
        base.commit()
        base.close()
        self.refuse("SQLite database.*sqlite3 ", self.path("x.db"))

    def test_folders(self):
        os.mkdir(self.path("x.zarr"))
        self.fail_with(66, "x.zarr/?: is a folder; give the name of a file, or a pattern", "info", self.path("x.zarr") + "/")
        self.write("x.zarr/.zarray", "{}")
        self.fail_with(65, "Zarr array; convert it: python3", "info", self.path("x.zarr"))


if __name__ == "__main__":
    unittest.main()
