# pip install (not editable) into an environment inside another git repository: whose commit does a record name, where do runs go?
mkdir -p F10 && cd F10 && git init -q . && echo x > a && printf 'env/\n' > .gitignore && git add . && git -c user.name=u -c user.email=u@example.org commit -qm draft
python -m pip install -q --no-deps --no-build-isolation --target env/site "$1"     # $1: the absolute path of a copy of the project without .git
git rev-parse HEAD; PYTHONPATH=env/site python -c "from mnemonics_lib import paths; from mnemonics_lib.durable import provenance; print(provenance.code_version()['commit'], paths.RUNS)"
