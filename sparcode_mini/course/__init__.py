"""The course kit: what a teacher takes to a class, made from the lessons and from `assets/course`.

It needs `pip install "sparcode-mini[lab,site,course]"`. `sparcode-mini course PART` writes one
part, `make course` all of them, into `build/course`. In the order of a teacher's work:

    laptops    are thirty laptops ready? A check, a roster; `bundle`: a stick without network
    editions   the lessons for students, for the lectern, with solutions
    figures    every picture as a file (`make figures`)
    slides     slides with notes, handouts; `projector`: the lab on a wall
    plans      what to say, ask and show, minute by minute
    quiz       questions with reasons, for Moodle, Canvas, paper and the notebooks
    homework   assignments, their graders, a project

A part is a module or folder with a function `write(out, root)`; `parts` has the list. All of them
read the stored lessons through `lessons`, what people write through `forms`, take numbers through
`numbers`, fill `templates` and print through `pdf`.
"""
