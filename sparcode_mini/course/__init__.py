"""The course kit: what a teacher takes to a class, made from the lessons and from `assets/course`.

It needs `pip install "sparcode-mini[lab,site,course]"`. `sparcode-mini course PART` writes one part,
`make course` all of them, into `build/course`. In the order of the work of a teacher:

    laptops    are thirty laptops ready? A check, a roster, a bundle without network
    editions   the lessons for students, for the lectern, with solutions
    figures    every picture as a file (`make figures`)
    slides     slides with notes, handouts, the projector's mode
    plans      what to say, ask and show, minute by minute
    quiz       questions with reasons, for Moodle, Canvas, paper and the notebooks
    homework   assignments, their graders, a project
    map        what leads to what, objectives, notation

A part is a module or folder with a function `write(out, root)`; `parts` has the list.
"""
