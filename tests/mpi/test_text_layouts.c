/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts of text tables as programs write them: what is a header and what a point, which columns are features, where
 * commas are a part of numbers; what is said of it, and that what a doubt advises settles it. */
#include "mpi/point_files.h"

enum { MOST_VALUES = 24, MOST_WORDS = 4 };

typedef struct layout {
  const char *text;
  const char *names;  /* of the features, with a blank between them */
  const char *remark; /* a part of a remark, with '!' in front where it is a doubt; NULL: nothing at all is said */
  int64_t n_rows;
  double values[MOST_VALUES]; /* row by row, of all rows, or of the first ones: those that are not 0 at the end */
  source_word words[MOST_WORDS];
  const char *columns;
} layout;

static const layout layouts[] = {
    /* headers of text */
    {"x,y\n1,2\n3,4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"who,x,y\nAnn,1,2\nBob,3,4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, "2-3"},
    {"5.1,3.5,Iris\n4.9,3,Iris\n6,2,Setosa\n", "x1 x2", NULL, 3, {5.1, 3.5, 4.9, 3, 6, 2}, {{0}}, "1-2"},
    {"M,0.455,0.365\nF,0.35,0.265\nI,0.53,0.42\n", "x2 x3", NULL, 3, {.455, .365, .35, .265, .53, .42}, {{0}}, "2-3"},
    {"x,\"y\"\n1,NA\n3,4\n", "x y", NULL, 2, {1, NAN, 3, 4}, {{0}}, NULL},
    {"a\nNA\n1\n2\n", "a", NULL, 3, {NAN, 1, 2}, {{0}}, NULL},

    /* headers of numbers */
    {"0,1,2,3\n1.25,2.5,3.5,4.5\n5.5,6.25,7.125,8.5\n", "0 1 2 3", NULL, 2, {1.25, 2.5, 3.5, 4.5, 5.5}, {{0}}, NULL},
    {"1,2,3\n10,20,31\n40,50,61\n70,80,91\n",
     "1 2 3",
     "!line 1 (1, 2, 3) is taken for a header",
     3,
     {10, 20, 31},
     {{0}},
     NULL},
    {"1,2,3\n10,20,31\n40,50,61\n70,80,91\n", "1 2 3", NULL, 3, {10, 20, 31}, {{"header", "yes"}}, NULL},
    {"1,2,3\n10,20,31\n40,50,61\n70,80,91\n", "x1 x2 x3", NULL, 4, {1, 2, 3, 10}, {{"header", "no"}}, NULL},
    {"1,2,3\n4,5,6\n7,8,9\n10,11,12\n", "x1 x2 x3", NULL, 4, {1, 2, 3, 4}, {{0}}, NULL},
    {"1 2 3\n1.5 2.5 3.5\n", "x1 x2 x3", NULL, 2, {1, 2, 3, 1.5}, {{0}}, NULL},
    {"0 0\n0.1 0.2\n0.2 0.39\n0.3 0.58\n", "x1 x2", NULL, 4, {0, 0, .1, .2}, {{0}}, NULL},
    {"0 1\n0.1 0.995\n0.2 0.98\n0.3 0.955\n", "0 1", "!taken for a header", 3, {.1, .995}, {{0}}, NULL},
    {"0,1\n5,7\n5,8\n6,4\n9,2\n3,3\n", "x1 x2", "!line 1 (0, 1) is taken for a point", 6, {0, 1, 5, 7}, {{0}}, NULL},
    {"0,1\n0,2\n1,2\n1,3\n2,3\n2,4\n", "x1 x2", NULL, 6, {0, 1, 0, 2}, {{0}}, NULL},
    {"2019,2020\n1.5,2.5\n3.5,4.5\n", "2019 2020", NULL, 2, {1.5, 2.5, 3.5, 4.5}, {{0}}, NULL},
    {"2019,2020\n15,25\n35,45\n", "2019 2020", "!taken for a header", 2, {15, 25, 35, 45}, {{0}}, NULL},
    {"2019,2020\n2020,2018\n2017,2019\n", "x1 x2", NULL, 3, {2019, 2020}, {{0}}, NULL},
    {"city,2019,2020\nRome,1.5,2.5\nOslo,3.5,4.5\n", "2019 2020", NULL, 2, {1.5, 2.5, 3.5, 4.5}, {{0}}, "2-3"},
    {"\"2019\",\"2018\"\n15,25\n35,45\n", "2019 2018", NULL, 2, {15, 25, 35, 45}, {{0}}, NULL},
    {"\"1\",\"2\"\n\"3\",\"4\"\n", "x1 x2", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"10,20,50\n1.5,2.5,3.5\n4.5,5.5,6.5\n1.25,2.25,3.25\n", "10 20 50", "!taken for a header", 3, {1.5}, {{0}}, NULL},
    {"1,1,2,2\n1,2,1,2\n1.5,2.5,3.5,4.5\n4.5,5.5,6.5,7.5\n1.25,2.25,3.25,4.25\n",
     "1_1 1_2 2_1 2_2",
     "!two lines",
     3,
     {1.5},
     {{0}},
     NULL},
    {"a,a,b\nx,y,x\n1,2,3\n4,5,6\n", "a_x a_y b_x", "header of two lines", 2, {1, 2, 3, 4, 5, 6}, {{0}}, NULL},
    {"0\n0.123456789012\n1.25456789012345\n2.123456789012\n",
     "0",
     "!taken for a header",
     3,
     {.123456789012},
     {{0}},
     NULL},
    {"0.5,1,1.5\n0.123456789012,7.123456789012,1.123456789012\n2.123456789012,3.123456789012,5.123456789012\n"
     "0.223456789012,0.123456789012,1.323456789012\n",
     "0.5 1 1.5",
     "!taken for a header",
     3,
     {0.123456789012, 7.123456789012},
     {{0}},
     NULL},
    {"0.5,1,1.5,2\n0.1,0.7,0.3,4\n0.5,0.2,0.1,5\n0.2,0.4,0.9,1\n4,5,1,2\n",
     "x1 x2 x3 x4",
     "!taken for a point",
     5,
     {0.5, 1, 1.5, 2},
     {{0}},
     NULL},
    {"0.5,1,1.5\n0.7,0.9,1.1\n0.5,0.2,0.1\n0.2,0.4,0.9\n", "x1 x2 x3", NULL, 4, {0.5, 1, 1.5}, {{0}}, NULL},
    {"0\n0.5\n1.25\n", "x1", NULL, 3, {0, .5, 1.25}, {{0}}, NULL},
    {"id,0.1,0.5,0.9\n7,1.5,2.5,3.5\n4,5.5,6.5,8.5\n",
     "id 0.1 0.5 0.9",
     "!taken for a header",
     2,
     {7, 1.5, 2.5, 3.5},
     {{0}},
     NULL},
    {"1.5,***,3\n2.5,4,6\n", "x1 x3", NULL, 2, {1.5, 3, 2.5, 6}, {{0}}, "1,3"},

    /* comments */
    {"# x y\n1 2\n3 4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"#1 2\n5 6\n3 4\n", "x1 x2", NULL, 2, {5, 6, 3, 4}, {{0}}, NULL},
    {"# Created by Octave 7.3\n# name: X\n# columns: 2\n 1 2\n 3 4\n", "x1 x2", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"# by hand\nx,y\n1,2\n3,4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"# on, Monday\nx,y\n1,2\n3,4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"# x y\n#\n#-----\n1 2\n3 4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},

    /* row names and indices */
    {"\"x\" \"y\"\n\"1\" 0.5 2\n\"2\" 1.5 3\n", "x y", "one name short", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {"x y\n1 0.5 2\n2 1.5 3\n", "x y", "one name short", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {"x y\n7 0.5 2\n2 1.5 3\n5 2.5 6\n", "x y", "!one name short", 3, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {"x y\n7 0.5 2\n2 1.5 3\n5 2.5 6\n", "x y", NULL, 3, {.5, 2, 1.5, 3}, {{0}}, "2-3"},
    {"x y\n7 0.5 2\n2 1.5 3\n5 2.5 6\n", "row x y", NULL, 3, {7, .5, 2, 2, 1.5, 3}, {{"keep-index", "yes"}}, NULL},
    {"\"x\"\n\"1\",0.5\n\"2\",1.5\n", "x", "one name short", 2, {.5, 1.5}, {{0}}, NULL},
    {"a;b\n1;0.5;2\n2;1.5;3\n", "a b", "row names", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {"             mpg cyl\nMazda      21.0   6\nDatsun 22.8   4\n",
     "mpg cyl",
     "one name short",
     2,
     {21, 6, 22.8, 4},
     {{0}},
     NULL},
    {"      [,1] [,2]\n[1,]  0.5    2\n[2,]  1.5    3\n",
     "[,1] [,2]",
     "one name short",
     2,
     {.5, 2, 1.5, 3},
     {{0}},
     NULL},
    {",x,y\n0,0.5,2\n1,1.5,3\n", "x y", "counts the rows", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {"\"\",\"x\",\"y\"\n\"1\",0.5,2\n\"2\",1.5,3\n", "x y", "counts the rows", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {",x,y\n0,0.5,2\n1,1.5,3\n", "x1 x y", NULL, 2, {0, .5, 2, 1, 1.5, 3}, {{"keep-index", "yes"}}, NULL},
    {",x,y\n0,0.5,2\n1,1.5,3\n", "x1 y", NULL, 2, {0, 2, 1, 3}, {{0}}, "1,3"},
    {",,x,y\nu,0,0.5,2\nu,1,1.5,3\nv,0,2.5,4\nv,1,3.5,5\n",
     "x y",
     "!column 2 has no name either",
     4,
     {.5, 2, 1.5, 3},
     {{0}},
     NULL},
    {",,x\nu,0,0.5\nu,1,1.5\nv,2,2.5\n", "x", "column 2 has no name either", 3, {.5, 1.5, 2.5}, {{0}}, NULL},
    {",,x\n0,0.5,1\n1,1.5,2\n2,2.5,3\n", "x2 x", "counts the rows", 3, {.5, 1, 1.5, 2, 2.5, 3}, {{0}}, NULL},
    {"p,a,a\nq,x,y\n0,1.5,2\n1,2.5,3\n2,3,7\n",
     "p_q a_x a_y",
     "!counts the rows and is read",
     3,
     {0, 1.5, 2, 1, 2.5, 3},
     {{0}},
     NULL},
    {"rownames,x\n1,1.5\n2,2.5\n3,0.5\n",
     "rownames x",
     "!counts the rows and is read",
     3,
     {1, 1.5, 2, 2.5},
     {{0}},
     NULL},
    {"Unnamed: 0,x,y\n0,0.5,2\n1,1.5,3\n", "x y", "counts the rows", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {",x,y\n8,0.5,2\n1,1.5,3\n", "x y", "!taken for an index", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {",x,y\n500,0.5,2\n501,1.5,3\n", "x y", "counts the rows", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {",x,y\nAnn,0.5,2\nBob,1.5,3\n", "x y", "holds text", 2, {.5, 2, 1.5, 3}, {{0}}, NULL},
    {",x,y\n0.1,0.5,2\n0.1,1.5,3\n", "x1 x y", "!read as a feature", 2, {.1, .5, 2, .1, 1.5, 3}, {{0}}, NULL},
    {",0,1\n0,18.5,2.5\n1,1.5,3.5\n", "0 1", "counts the rows", 2, {18.5, 2.5, 1.5, 3.5}, {{0}}, NULL},
    {"\t0\t1\n0\t18\t2\n1\t1\t3\n", "0 1", "counts the rows", 2, {18, 2, 1, 3}, {{0}}, NULL},
    {",0\n0,18\n1,15\n2,7\n", "0", "counts the rows", 3, {18, 15, 7}, {{0}}, NULL},
    {"0,18\n1,15\n2,7\n", "x1 x2", NULL, 3, {0, 18, 1, 15, 2, 7}, {{0}}, NULL},
    {",0\n0,18.5\n1,1.5\n", "0", "counts the rows", 2, {18.5, 1.5}, {{0}}, NULL},
    {"1,5.5\n2,3.5\n3,9.5\n4,1.5\n5,2.5\n", "x1 x2", "!column 1 counts the rows", 5, {1, 5.5, 2, 3.5}, {{0}}, NULL},
    {"1,5.5\n2,3.5\n3,9.5\n4,1.5\n5,2.5\n", "x1 x2", NULL, 5, {1, 5.5, 2, 3.5}, {{"keep-index", "yes"}}, NULL},
    {"1,5.5\n2,3.5\n3,9.5\n4,1.5\n5,2.5\n", "x2", NULL, 5, {5.5, 3.5, 9.5, 1.5, 2.5}, {{0}}, "2-2"},
    {"id,x\n1,5.5\n2,3.5\n3,9.5\n4,1.5\n5,2.5\n", "id x", NULL, 5, {1, 5.5}, {{0}}, NULL},
    {"0 0 5.5\n1 0 3.5\n2 0 9.5\n3 0 2\n0 1 1\n1 1 1.5\n", "x1 x2 x3", "!triplets", 6, {0, 0, 5.5}, {{0}}, NULL},
    {"0 0 5.5\n1 0 3.5\n2 0 9.5\n3 0 2\n0 1 1\n1 1 1.5\n", "x1 x2 x3", NULL, 6, {0, 0, 5.5}, {{0}}, "1-3"},
    {"3 2 5\n1 1 5.5\n2 1 3.5\n3 1 9.5\n1 2 1.5\n2 2 2.5\n3 2 1\n", "x1 x2 x3", "!triplets", 7, {3, 2, 5}, {{0}}, NULL},

    /* commas in numbers */
    {"x;y\n1,5;2\n3,25;4\n", "x y", "decimal commas", 2, {1.5, 2, 3.25, 4}, {{0}}, NULL},
    {"x;y\n1 234,5;2\n3,5;4\n", "x y", "decimal commas", 2, {1234.5, 2, 3.5, 4}, {{0}}, NULL},
    {"1,5 2,5\n3,25 4,5\n", "x1 x2", "decimal commas", 2, {1.5, 2.5, 3.25, 4.5}, {{0}}, NULL},
    {"x\ty\n1,5\t-2e3\n3,25\t,5\n", "x y", "decimal commas", 2, {1.5, -2000, 3.25, .5}, {{0}}, NULL},
    {"x;y\n1.234,5;2\n3,25;4\n", "x y", "point between thousands", 2, {1234.5, 2, 3.25, 4}, {{0}}, NULL},
    {"x,y\n\"1,5\",\"2,25\"\n\"3,25\",\"4\"\n", "x y", "decimal commas", 2, {1.5, 2.25, 3.25, 4}, {{0}}, NULL},
    {"x,y\n\"1,5\",\"2,25\"\n\"3,25\",\"4\"\n", "x y", NULL, 2, {1.5, 2.25, 3.25, 4}, {{"decimal", ","}}, NULL},
    {"x,y\n\"1,234,567\",5\n\"12,000\",4\n", "x y", "comma between thousands", 2, {1234567, 5, 12000, 4}, {{0}}, NULL},
    {"x,y\n\"1,234\",5\n\"12,000\",4\n", "x y", "!between thousands", 2, {1234, 5, 12000, 4}, {{0}}, NULL},
    {"x,y\n\"1,234\",5\n\"12,000\",4\n", "x y", NULL, 2, {1234, 5, 12000, 4}, {{"decimal", "."}}, NULL},
    {"x;y\n1,234;2\n12,250;4\n", "x y", "!decimal ones", 2, {1.234, 2, 12.25, 4}, {{0}}, NULL},
    {"x;y\n1,234;2\n12,250;4\n", "x y", NULL, 2, {1234, 2, 12250, 4}, {{"decimal", "."}}, NULL},
    {"x;y\n1,234;2\n12,250;4\n", "x y", NULL, 2, {1.234, 2, 12.25, 4}, {{"decimal", ","}}, NULL},
    {"x;y\n0,234;2\n12,250;4\n", "x y", "decimal commas", 2, {.234, 2, 12.25, 4}, {{0}}, NULL},
    {"18,455869526770474\n10,038954626455999\n9,12345678901234\n",
     "x1",
     "decimal comma",
     3,
     {18.455869526770474, 10.038954626455999, 9.12345678901234},
     {{0}},
     NULL},
    {"x\n3,5\n4,25\n5,75\n", "x", "!decimal comma", 3, {3.5, 4.25, 5.75}, {{0}}, NULL},
    {"x\n0,5\n-0,25\n3,125\n", "x", "decimal comma", 3, {.5, -.25, 3.125}, {{0}}, NULL},
    {"3,05\n4,50\n7,25\n", "x1", "decimal comma", 3, {3.05, 4.5, 7.25}, {{0}}, NULL},
    {"15,39\n20,41\n7,25\n", "x1 x2", NULL, 3, {15, 39, 20, 41, 7, 25}, {{0}}, NULL},
    {"15,39\n20,41\n7,25\n", "x1", NULL, 3, {15.39, 20.41, 7.25}, {{"decimal", ","}}, NULL},
    {"a,b\n15,39\n20,41\n7,05\n", "a b", NULL, 3, {15, 39, 20, 41, 7, 5}, {{0}}, NULL},
    {"15,39\n20,41\n7,25\n1,22\n9,87\n", "x1 x2", "!two columns of integers", 5, {15, 39}, {{0}}, NULL},
    {"15,39\n20,41\n7,25\n1,22\n9,87\n", "x1 x2", NULL, 5, {15, 39}, {{"delimiter", "comma"}}, NULL},
    {"1,234\n12,345,678\n999\n", "x1", "comma between thousands", 3, {1234, 12345678, 999}, {{0}}, NULL},
    {"62,541\n22,079\n9,100\n", "x1", "!comma between thousands", 3, {62541, 22079, 9100}, {{0}}, NULL},
    {"62,541\n22,079\n9,100\n", "x1", NULL, 3, {62.541, 22.079, 9.1}, {{"decimal", ","}}, NULL},
    {"512,300\n100,200\n", "x1 x2", NULL, 2, {512, 300, 100, 200}, {{0}}, NULL},
    {"100,200,300\n400,500,600\n", "x1 x2 x3", NULL, 2, {100, 200, 300, 400, 500, 600}, {{0}}, NULL},

    /* other separators, and what stands around */
    {"sep=;\nx;y\n1;2\n3;4\n", "x y", "first line says", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"sep=,\r\nx,y\r\n1,2\r\n3,4\r\n", "x y", "first line says", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x|y\n1|2\n3|4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"| x | y |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {" x | y \n---+---\n 1 | 2\n 3 | 4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"+---+---+\n| x | y |\n+---+---+\n| 1 | 2 |\n| 3 | 4 |\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x,y,\n1,2,\n3,4,\n", "x y", "end with a delimiter", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x,y\n1,2,\n3,4,\n", "x y", "end with a delimiter", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"1,2,\n3,4,\n", "x1 x2", "end with a delimiter", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x,y,,,\n1,2,,,\n3,4,,,\n", "x y", "end with 3 delimiters", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x,y\n1,2,,\n3,4,,\n", "x y", "end with 2 delimiters", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x,y,\n1,2\n3,4\n", "x y", NULL, 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"x;y;\n1,5;2;\n3;4;\n", "x y", "end with a delimiter", 2, {1.5, 2, 3, 4}, {{0}}, NULL},
    {"x,y\nkm,s\n1,2\n3,4\n", "x y", "line 2 (km, s) holds units", 2, {1, 2, 3, 4}, {{0}}, NULL},
    {"t,x,y\n[s],-,[kg]\n1,2,3\n3,4,5\n", "t x y", "holds units", 2, {1, 2, 3, 3, 4, 5}, {{0}}, NULL},
    {"who,x\n,km\nAnn,2\nBob,3\n", "x", "holds units", 2, {2, 3}, {{0}}, "x"},
    {"who,x\nAnn,1\nBob,2\nTotal,3\n\n", "x", "!last line (Total)", 3, {1, 2, 3}, {{0}}, "x"},
    {"who,x\nTotal,1\nBob,2\n", "x", NULL, 2, {1, 2}, {{0}}, "x"},
    {"a title, by me\n\nx,y,z\n1,2,3\n3,4,5\n", "x y z", NULL, 2, {1, 2, 3, 3, 4, 5}, {{"skip-lines", "1"}}, NULL},
    {"x,y\n9,9\n1,2\n3,4\n", "x1 x2", NULL, 2, {1, 2, 3, 4}, {{"skip-lines", "2"}}, NULL},
};

/* Is each feature called as the next word? */
static bool has_names(const point_source *source, const char *names)
{
  for (int64_t i = 0; i < source->n_features; i++) {
    const size_t length = strlen(source->feature_names[i]);
    if (strncmp(names, source->feature_names[i], length) != 0 || (names[length] != ' ' && names[length] != '\0'))
      return false;
    names += names[length] == ' ' ? length + 1 : length;
  }
  return *names == '\0';
}

static bool has_remark(const source_notes *notes, const char *part)
{
  const bool is_doubt = part != NULL && *part == '!';
  bool has_doubt = false;
  bool found = false;
  for (int i = 0; i < notes->n; i++) {
    if (strstr(notes->remarks[i].text, "are taken as") != NULL) continue; /* few rows, as these texts have */
    if (part == NULL) return false;
    has_doubt = has_doubt || notes->remarks[i].is_doubt;
    if (notes->remarks[i].is_doubt == is_doubt && strstr(notes->remarks[i].text, part + (is_doubt ? 1 : 0)) != NULL)
      found = true;
  }
  return part == NULL || (found && has_doubt == is_doubt);
}

static void check_layout(const layout *given)
{
  source_options options = {.columns = given->columns, .words = given->words};
  while (options.n_words < MOST_WORDS && given->words[options.n_words].name != NULL) options.n_words++;
  point_source *source = NULL;
  gmmpi_error error = {0};
  write_text("layout.txt", given->text);
  source_open(MPI_COMM_WORLD, path_of("layout.txt"), &options, &source, &error);
  if (!check(error.status == GMMPI_OK, error.message, __FILE__, __LINE__)) return;
  CHECK(source->n_rows == given->n_rows);
  CHECK(has_names(source, given->names));
  CHECK(has_remark(&source->notes, given->remark));
  double rows[64 * 4];
  if (CHECK(source->n_rows <= 64 && source->n_features <= 4) &&
      check(source_read(source, 0, source->n_rows, rows, &error) == GMMPI_OK, error.message, __FILE__, __LINE__)) {
    int64_t n = source->n_rows * source->n_features;
    if (n > MOST_VALUES) n = MOST_VALUES;
    int64_t n_given = MOST_VALUES;
    while (n_given > 0 && given->values[n_given - 1] == 0) n_given--;
    for (int64_t i = 0; i < n && i < n_given; i++) CHECK(same_number(rows[i], given->values[i]));
  }
  source_close(source);
}

static void layouts_are_read(void)
{
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    const int before = failures;
    check_layout(&layouts[i]);
    if (failures > before) fprintf(stderr, "in layout %zu:\n%s\n", i, layouts[i].text);
  }
  remove_file("layout.txt");
}

/* What is no table of one row a line is named, with what helps. */
static void layouts_that_are_refused(void)
{
  static const struct {
    const char *text;
    const char *part;
  } given[] = {
      {"x,y\n5\nkm,s\n1,2\n3,4\n", "line 2 has 1 field"},
      {"x,y\n5\n1,2\n3,4\n", "line 2 has 1 field"},
      {"1 2 3\n4 5\n6 7 8\n9 1\n", "wrapped over 2 lines each (of 3 and 2 fields, from line 1 on)"},
      {"x y z u v\n1 2 3\n4 5\n6 7 8\n9 1\n", "wrapped over 2 lines each (of 3 and 2 fields, from line 2 on)"},
      {"1 2\n3 4\n5\n1 2\n3 4\n5\n", "wrapped over 3 lines each (of 2, 2 and 1 fields"},
      {"Results\nof May\n\nx,y,z\n1,2,3\n3,4,5\n",
       "line 1 has 1 field, and from line 4 on there are 3; if the table begins "
       "there say --skip-lines 3"},
      {"Results\n1.5,2\n3.5,4\n5.5,6\n", "say --skip-lines 1"},
  };
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const int before = failures;
    write_text("bad.txt", given[i].text);
    REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA, given[i].part);
    if (failures > before) fprintf(stderr, "in text %zu: %s\n", i, given[i].text);
  }
  static const source_word too_many[] = {{"skip-lines", "3"}};
  write_text("bad.txt", "1,2\n3,4\n");
  REFUSED(path_of("bad.txt"), ((source_options){.words = too_many, .n_words = 1}), GMMPI_BAD_DATA,
          "has 2 lines, and --skip-lines 3 passes over all of them");
  remove_file("bad.txt");
}

/* What the first lines have may be otherwise further on. */
static void later_lines_differ(void)
{
  enum { N_LINES = 300 };
  char text[N_LINES * 8 + 100];
  size_t length = 0;
  for (int i = 0; i < N_LINES; i++) length += (size_t)sprintf(text + length, "%d,%d,\n", i % 7, i % 5);
  sprintf(text + length, "1,2,3\n");
  write_text("bad.txt", text);
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA, "line 301 has a field behind its last delimiter");
  remove_file("bad.txt");
}

/* Places count from the file's first line, whatever is passed over. */
static void places_are_of_the_file(void)
{
  static const source_word two[] = {{"skip-lines", "2"}};
  write_text("bad.txt", "a title\nand more\nx,y\n1,2\n3,z\n");
  REFUSED(path_of("bad.txt"), ((source_options){.words = two, .n_words = 1}), GMMPI_BAD_DATA,
          "line 5, column y: \"z\"");
  write_text("bad.txt", "x,y\nkm,s\n\n1,2\n3,z\n");
  REFUSED(path_of("bad.txt"), any_options, GMMPI_BAD_DATA, "line 5, column y: \"z\"");
  remove_file("bad.txt");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  layouts_are_read();
  layouts_that_are_refused();
  later_lines_differ();
  places_are_of_the_file();
  return end_tests();
}
