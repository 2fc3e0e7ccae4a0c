ModelServerSimCommand.main()
